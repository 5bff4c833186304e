/** What a push tells of the project that it comes from; everything but the names is a digest. */
export interface Project {
  /** Of the addresses of its git remotes, or of its first commit where it has none; empty without git. */
  readonly origins: readonly string[];
  readonly machine: string;
  /** Of the machine and the folder: that of the repository, else that of the build context. */
  readonly place: string;
  /** Path of the Dockerfile in that folder. */
  readonly dockerfile: string;
  /** Name of the folder, for people. */
  readonly name: string;
}

/** What the server knows beside that. */
export interface Likeness {
  /** The part of the files that earlier pushes of the service had as well, from 0 to 1. */
  readonly knownFiles: number;
  /** `kept`: every route that serves now stays, under its full name; `lost`: there are some, and none stays; `changed`: anything else, such as a service without routes. */
  readonly routes: "kept" | "lost" | "changed";
}

/** Projects share licences and settings, but not a third of their files. */
const mostlyForeign = 0.3;

/**
 * Decides whether a push comes from another project than the one before.
 * One project may come from several laptops, from CI and from moved folders, so a difference counts only where nothing speaks for the same project.
 */
export function isOtherProject(
  before: Project | undefined,
  now: Project | undefined,
  { knownFiles, routes }: Likeness,
): boolean {
  // An older laptop says nothing, and nobody is asked for what cannot be known.
  if (before === undefined || now === undefined) return false;
  // A domain belongs to one project, so a push that keeps them all is meant for this service.
  if (routes === "kept") return false;
  const origin = compareOrigins(before.origins, now.origins);
  // One repository may hold several services, and a copied Dockerfile still has the name of the first.
  if (origin === "same" || before.place === now.place)
    return before.dockerfile !== now.dockerfile && routes === "lost";
  if (routes === "lost") return true;
  if (knownFiles >= mostlyForeign) return false;
  const areBare = before.origins.length + now.origins.length === 0;
  return origin === "other" || (areBare && before.machine === now.machine);
}

function compareOrigins(
  before: readonly string[],
  now: readonly string[],
): "same" | "other" | "unknown" {
  if (before.some((one) => now.includes(one))) return "same";
  return before.length > 0 && now.length > 0 ? "other" : "unknown";
}

/** The address of a git remote without what differs between two copies: scheme, user, `.git`. Empty for one that says nothing. */
export function plainRemote(url: string): string {
  const text = url.trim();
  // A server that projects are deployed to is not where one comes from.
  if (text.startsWith("mypaas:")) return "";
  const scp = /^(?:[^@/\s]+@)?([^:/\s]+):(?!\/\/)(.+)$/.exec(text);
  const [host, path] =
    scp !== null && !/^[a-z][a-z0-9+.-]*:\/\//i.test(text)
      ? [scp[1] ?? "", scp[2] ?? ""]
      : splitUrl(text);
  const clean = path
    .replace(/^\/+/, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
  return clean === "" ? "" : `${host.toLowerCase()}/${clean}`;
}

function splitUrl(text: string): readonly [string, string] {
  const match = /^[a-z][a-z0-9+.-]*:\/\/(?:[^@/\s]*@)?([^/:\s]*)(?::\d+)?(\/.*)?$/i.exec(text);
  return match === null ? ["", text] : [match[1] ?? "", match[2] ?? ""];
}
