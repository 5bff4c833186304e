import type Docker from "dockerode";
import type { Images } from "../../../deploy/ports.ts";
import { bounded, tolerating } from "./client.ts";
import { imageFacts } from "./facts.ts";

/** Images of one instance; it sees others, and removes none of them. */
export function createImages(options: {
  readonly docker: Docker;
  readonly instance: string;
  readonly socketPath: string;
}): Images {
  const { docker, instance, socketPath } = options;
  return {
    inspectImage: bounded(socketPath, async (reference) => {
      const info = await tolerating([404], docker.getImage(reference).inspect());
      return info === undefined ? undefined : imageFacts(info);
    }),
    removeImage: bounded(socketPath, async (reference) => {
      if (!reference.startsWith(`${instance}/`))
        throw new Error(`image ${reference}: not of instance "${instance}"`);
      // 409: a container still uses it, so it stays until that is gone.
      await tolerating([404, 409], docker.getImage(reference).remove());
    }),
  };
}
