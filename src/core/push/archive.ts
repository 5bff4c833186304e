import type { ManifestEntry, ManifestFolder } from "../actions/push.ts";
import { UserError } from "../errors.ts";
import type { Hint } from "../hints.ts";
import { impliedFolderMode } from "./context-rules.ts";
import { byPath, checkEntries, foldersAbove, maxEntries, quotePath } from "./manifest.ts";

/** What an archive holds, in the form of a push; the bytes of its files lie elsewhere, by their sha256. */
export interface ArchiveTree {
  /** Sorted by path. */
  readonly entries: readonly ManifestEntry[];
  /** Every folder, those that follow from the entries included. Sorted by path. */
  readonly folders: readonly ManifestFolder[];
}

/** Collects the members of an archive in their order, and refuses what must not be in one. */
export interface ArchiveTally {
  /** The path of a member, as a push spells it; empty for the top folder. Throws for one that leaves the archive, and for too many members. */
  readonly path: (name: string) => string;
  readonly add: (entry: ManifestEntry) => void;
  readonly folder: (folder: ManifestFolder) => void;
  /** The file that a hard link names. */
  readonly linked: (path: string, name: string) => ManifestEntry;
  /** All of it; throws UserError with everything that is wrong. With `stripTop`, one folder that holds everything is taken off. */
  readonly tree: (stripTop: boolean) => ArchiveTree;
}

/** The error of an archive that is not taken; `name` is what messages call it. */
export const badArchive = (
  name: string,
  what: string,
  more: {
    readonly hint?: Hint;
    readonly cause?: unknown;
    readonly details?: readonly string[];
  } = {},
): UserError => new UserError(`${name}: ${what}`, { code: "archive", ...more });

/** What is left of a member's mode: the same that an ordinary user gets who unpacks it with a umask of 022. */
export const archiveMode = (mode: number | undefined, usual: number): number =>
  mode === undefined || (mode & 0o7777) === 0 ? usual : mode & 0o755;

/** Begins an empty tally. */
export function tallyArchive(archive: string, maxMembers = 2 * maxEntries): ArchiveTally {
  const entries = new Map<string, ManifestEntry>();
  const folders = new Map<string, ManifestFolder>();
  let members = 0;
  const bad = (path: string, what: string) => badArchive(archive, `${quotePath(path)}: ${what}`);
  const pathOf = (name: string): string => {
    if (name.startsWith("/")) throw bad(name, "path is not relative");
    if (name.split(/[\\/]/).includes("..")) throw bad(name, "path leaves the archive");
    if (name.includes("\uFFFD")) throw bad(name, "its name is not valid Unicode");
    return name
      .split("/")
      .filter((part) => part !== "" && part !== ".")
      .join("/");
  };
  return {
    path: (name) => {
      members += 1;
      if (members > maxMembers)
        throw badArchive(archive, `more than ${maxMembers} files and folders`);
      return pathOf(name);
    },
    add: (entry) => {
      if (entry.path === "") throw bad(entry.path, "has no name");
      // Programs that unpack it keep the last one, people look at the first.
      if (entries.has(entry.path)) throw bad(entry.path, "is in it twice");
      entries.set(entry.path, entry);
      if (entries.size > maxEntries) throw badArchive(archive, `more than ${maxEntries} files`);
    },
    folder: (folder) => {
      if (folder.path !== "") folders.set(folder.path, folder);
    },
    linked: (path, name) => {
      const target = entries.get(pathOf(name));
      if (target !== undefined && !("link" in target)) return { ...target, path };
      throw bad(path, `a hard link to ${quotePath(name)}, which is not a file before it`);
    },
    tree: (stripTop) => {
      if (entries.size === 0) throw badArchive(archive, "holds no file");
      for (const path of [...entries.keys(), ...folders.keys()].flatMap(foldersAbove))
        if (!folders.has(path)) folders.set(path, { path, mode: impliedFolderMode });
      const tree = {
        entries: [...entries.values()].toSorted(byPath),
        folders: [...folders.values()].toSorted(byPath),
      };
      const problems = checkEntries(tree);
      if (problems.length > 0)
        throw badArchive(archive, "holds what cannot be taken", { details: problems });
      return stripTop ? withoutTop(tree) : tree;
    },
  };
}

function withoutTop({ entries, folders }: ArchiveTree): ArchiveTree {
  const [first] = entries;
  const length = (first?.path.indexOf("/") ?? -1) + 1;
  const top = first?.path.slice(0, length) ?? "";
  const all = [...entries, ...folders];
  const isInIt = ({ path }: { readonly path: string }) => `${path}/`.startsWith(top);
  if (length === 0 || !all.every(isInIt)) return { entries, folders };
  const strip = <T extends { readonly path: string }>(one: T): T => ({
    ...one,
    path: one.path.slice(length),
  });
  return {
    entries: entries.map(strip),
    folders: folders.map(strip).filter(({ path }) => path !== ""),
  };
}
