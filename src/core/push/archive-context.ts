import { posix } from "node:path";
import type { ManifestEntry, ManifestFolder } from "../actions/push.ts";
import type { ArchiveTree } from "./archive.ts";
import { reservedPath, sentFolders } from "./context-rules.ts";
import { parseDockerignore, type IgnoreState } from "./dockerignore.ts";
import { byPath } from "./manifest.ts";
import { procfilePath, reservedProcfile } from "./procfile-path.ts";

type FileEntry = Extract<ManifestEntry, { readonly sha256: string }>;

/** The file that a path of an archive means: links to it are followed, as those to a Dockerfile in a folder are. */
export function fileAt({ entries }: ArchiveTree, path: string): FileEntry | undefined {
  const byName = new Map(entries.map((entry) => [entry.path, entry]));
  let at = posix.normalize(path);
  for (let hops = 0; hops < 10; hops += 1) {
    const entry = byName.get(at);
    if (entry === undefined || "sha256" in entry) return entry;
    if (entry.link.startsWith("/")) return undefined;
    at = posix.join(posix.dirname(at), entry.link);
  }
  return undefined;
}

/** True for a file that seems to be one, such as `Dockerfile.prod`. */
export const isCalledDockerfile = (path: string): boolean =>
  /(?:^|\/)(?:(?:docker|container)file(?:[.-][^/]+)?|[^/]+\.dockerfile)$/i.test(path) &&
  !path.endsWith(".dockerignore");

/** Paths of files that are called like a Dockerfile, for a hint. */
export const dockerfilesOf = ({ entries }: ArchiveTree): readonly string[] =>
  entries.flatMap((entry) =>
    "sha256" in entry && isCalledDockerfile(entry.path) ? [entry.path] : [],
  );

/** The files that decide which others are sent: the first one that is there counts, as in BuildKit. */
export const ignoreFilesOf = (dockerfile: string): readonly string[] => [
  `${posix.normalize(dockerfile)}.dockerignore`,
  ".dockerignore",
];

/** The Procfile that belongs to a Dockerfile whose entry has this path. */
export function procfileAt({ entries }: ArchiveTree, dockerfile: string): FileEntry | undefined {
  const path = procfilePath(dockerfile);
  const entry = entries.find((one) => one.path === path);
  return entry !== undefined && "sha256" in entry ? entry : undefined;
}

export interface ChosenContext {
  readonly entries: readonly ManifestEntry[];
  readonly folders: readonly ManifestFolder[];
  /** Path of the entry of the Dockerfile. */
  readonly dockerfile: string;
}

/** Chooses from an archive what a push of its folder would send, by the rules for a folder. */
export function chooseContext(
  tree: ArchiveTree,
  dockerfile: FileEntry,
  {
    path,
    ignore,
  }: { readonly path: string; readonly ignore?: { readonly text: string; readonly file: string } },
): ChosenContext {
  const own = posix.normalize(path);
  const always = new Set([".dockerignore", own]);
  const rules = parseDockerignore(ignore?.text ?? "", ignore?.file);
  const states = new Map<string, IgnoreState>();
  const verdict = (of: string) => {
    const { isIgnored, state } = rules.verdict(of, states.get(posix.dirname(of)));
    return { isIgnored, state };
  };
  // A folder sorts before what is in it.
  const seen = tree.folders.map((folder) => {
    const { isIgnored, state } = verdict(folder.path);
    states.set(folder.path, state);
    return { ...folder, isIgnored };
  });
  const kept = tree.entries.filter(
    (entry) => always.has(entry.path) || !verdict(entry.path).isIgnored,
  );
  const isOwn = own === dockerfile.path;
  const at = isOwn ? own : reservedPath(kept);
  const procfile = procfileAt(tree, at);
  // The server reads it, and no image gets it.
  const isIgnored = procfile !== undefined && !kept.some((entry) => entry.path === procfile.path);
  const entries = [
    ...kept,
    ...(isOwn ? [] : [{ ...dockerfile, path: at }]),
    ...(isIgnored ? [{ ...procfile, path: reservedProcfile }] : []),
  ].toSorted(byPath);
  return { entries, folders: sentFolders(seen, entries), dockerfile: at };
}
