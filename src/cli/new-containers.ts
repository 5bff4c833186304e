/** What the help says of commands whose effect is a new release. */
export const newContainers =
  "The service gets new containers: files outside of its volumes are gone.";
