import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  filesToRead,
  maxDepth,
  openFolder,
  passedOver,
  type Folder,
  type Listed,
} from "../../core/generate/folder.ts";
import { maxEntries } from "../../core/push/manifest.ts";
import { readIfThere } from "../files.ts";
import { isGone, readable } from "./source-file.ts";

/** Lists a folder and reads the few files that tell what it is. Throws UserError for one that cannot be read. */
export async function readFolder(folder: string): Promise<Folder> {
  const listed: Listed[] = [];
  await list({ folder, listed }, "", 1);
  const texts = new Map<string, string>();
  for (const path of filesToRead(listed)) {
    const bytes = await readable(path, readIfThere(join(folder, path)));
    if (bytes !== undefined) texts.set(path, bytes.toString("utf8"));
  }
  return openFolder(listed, texts);
}

interface Listing {
  readonly folder: string;
  readonly listed: Listed[];
}

async function list(on: Listing, below: string, depth: number): Promise<void> {
  const children = await readable(
    below || ".",
    readdir(join(on.folder, below), { withFileTypes: true }),
  );
  for (const child of children.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (on.listed.length === maxEntries) return;
    const path = below === "" ? child.name : `${below}/${child.name}`;
    if (child.isDirectory()) {
      if (depth < maxDepth && !passedOver.has(child.name)) await list(on, path, depth + 1);
      continue;
    }
    const isLink = child.isSymbolicLink();
    if (!isLink && !child.isFile()) continue;
    const facts = await lstat(join(on.folder, path)).catch((error: unknown) => {
      if (isGone(error)) return undefined;
      throw error;
    });
    if (facts !== undefined) on.listed.push({ path, size: facts.size, isLink });
  }
}
