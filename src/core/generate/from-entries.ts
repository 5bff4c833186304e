import type { ManifestEntry } from "../actions/push.ts";
import { filesToRead, openFolder } from "./folder.ts";
import { generate, type Outcome } from "./generate.ts";

type FileEntry = Extract<ManifestEntry, { readonly sha256: string }>;

interface Entries {
  readonly entries: readonly ManifestEntry[];
  /** What the folder, the archive or the repository is called. */
  readonly name: string;
  /** The bytes of a file; called for a few small ones. */
  readonly read: (file: FileEntry) => Promise<Uint8Array>;
}

/** Makes the Dockerfile for the files of a push, wherever they came from. */
export async function generateFrom({ entries, name, read }: Entries): Promise<Outcome> {
  const listed = entries.map((entry) => ({
    path: entry.path,
    size: "size" in entry ? entry.size : 0,
    isLink: "link" in entry,
  }));
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  const texts = new Map<string, string>();
  for (const path of filesToRead(listed)) {
    const entry = byPath.get(path);
    if (entry === undefined || "link" in entry) continue;
    texts.set(path, new TextDecoder().decode(await read(entry)));
  }
  return generate(openFolder(listed, texts), name);
}
