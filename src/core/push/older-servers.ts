import { posix } from "node:path";
import type { ManifestEntry, ManifestFolder, PushManifest } from "../actions/push.ts";
import { byPath, foldersAbove, hasControls, quotePath } from "./manifest.ts";

/** True for entries that servers of 0.1.0 take as they are: plain modes and names, and no link that leads out. */
export const isPlain = (entries: readonly ManifestEntry[]): boolean =>
  entries.every(
    (entry) =>
      hasPlainPath(entry.path) &&
      ("link" in entry ? hasPlainTarget(entry) : entry.mode === (entry.mode & permissions)),
  );

type Files = Pick<PushManifest, "dockerfile" | "entries"> & {
  readonly folders: readonly ManifestFolder[];
};

/** The files of a manifest. Folders that a server of 0.1.0 needs not are left out by every way in, so that the same files have one content id. */
export const filesOf = ({
  dockerfile,
  entries,
  folders,
}: Files): Omit<PushManifest, "options"> => ({
  dockerfile,
  entries,
  ...((folders.length > 0 || !isPlain(entries)) && { folders }),
});

/** What is left of a manifest for a server of 0.1.0. */
export interface PlainManifest {
  readonly push: PushManifest;
  /** Empty folders, which stay behind. */
  readonly emptyFolders: readonly string[];
  /** Sentences about entries that such a server does not take in any form. */
  readonly refused: readonly string[];
}

/** Spells a manifest in the form of 0.1.0: names in Unicode normal form NFC, permission bits only, no folders. */
export function plainManifest(push: PushManifest): PlainManifest {
  const { folders = [], dockerfile, options } = push;
  const entries = push.entries
    .map((entry): ManifestEntry =>
      "link" in entry
        ? { path: nfc(entry.path), link: nfc(entry.link) }
        : { ...entry, path: nfc(entry.path), mode: entry.mode & permissions },
    )
    .toSorted(byPath);
  const full = new Set([...push.entries, ...folders].flatMap(({ path }) => foldersAbove(path)));
  const emptyFolders = folders.map(({ path }) => path).filter((path) => !full.has(path));
  const refused = entries.flatMap((entry, index) => {
    if (!hasPlainPath(entry.path)) return [`${quotePath(entry.path)}: unusual name`];
    if (entry.path === entries[index - 1]?.path)
      return [`${quotePath(entry.path)}: two files differ only in the spelling of a letter`];
    if (!("link" in entry) || hasPlainTarget(entry)) return [];
    return [
      `${quotePath(entry.path)}: link points out of the build context, to ${quotePath(entry.link)}`,
    ];
  });
  return {
    push: { dockerfile: nfc(dockerfile), entries, options },
    emptyFolders,
    refused: refused.slice(0, maxRefused),
  };
}

const permissions = 0o777;
const maxRefused = 20;
const nfc = (text: string): string => text.normalize("NFC");

const hasPlainPath = (path: string): boolean =>
  !hasControls(path) &&
  !path.includes("\uFFFD") &&
  path === nfc(path) &&
  !/^[A-Za-z]:[\\/]/.test(path) &&
  !path.split(/[\\/]/).includes("..");

function hasPlainTarget({ path, link }: { readonly path: string; readonly link: string }): boolean {
  const target = posix.normalize(posix.join(posix.dirname(path), link));
  const leadsOut = link.startsWith("/") || target === ".." || target.startsWith("../");
  return !leadsOut && !hasControls(link) && link === nfc(link);
}
