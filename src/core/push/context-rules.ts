import type { ManifestEntry, ManifestFolder } from "../actions/push.ts";
import { byPath, foldersAbove } from "./manifest.ts";
import { reservedFolder } from "./procfile-path.ts";

/** A folder of a build context, ignored or not. */
export interface SeenFolder extends ManifestFolder {
  readonly isIgnored: boolean;
}

/** The mode of a folder that nobody names. */
export const impliedFolderMode = 0o755;

/** Of the folders that were seen, those that do not follow from the entries. */
export function sentFolders(
  seen: readonly SeenFolder[],
  entries: readonly ManifestEntry[],
): readonly ManifestFolder[] {
  const sent = [...entries, ...seen.filter(({ isIgnored }) => !isIgnored)];
  const full = new Set(sent.flatMap(({ path }) => foldersAbove(path)));
  return seen
    .filter(({ path, mode, isIgnored }) =>
      full.has(path) ? mode !== impliedFolderMode : !isIgnored,
    )
    .map(({ path, mode }) => ({ path, mode }))
    .toSorted(byPath);
}

/** A path for such a Dockerfile, beside these entries. */
export function reservedPath(entries: readonly { readonly path: string }[]): string {
  const taken = new Set(entries.map((entry) => entry.path));
  let path = `${reservedFolder}/Dockerfile`;
  for (let count = 2; taken.has(path); count += 1) path = `${reservedFolder}/Dockerfile.${count}`;
  return path;
}
