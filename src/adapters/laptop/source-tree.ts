import { createHash } from "node:crypto";
import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import type { Dirent, Stats } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { parseDockerignore, type Ignore, type IgnoreState } from "../../core/push/dockerignore.ts";
import { UserError } from "../../core/errors.ts";
import { reservedPath, sentFolders, type SeenFolder } from "../../core/push/context-rules.ts";
import { procfilePath, reservedProcfile } from "../../core/push/procfile-path.ts";
import { byPath, maxEntries, shownPath } from "../../core/push/manifest.ts";
import type { ManifestEntry, ManifestFolder } from "../../core/actions/push.ts";
import { readIfThere } from "../files.ts";
import { inBuffer, keepBytes, type KeptBytes } from "./kept-bytes.ts";
import {
  fileCode,
  FileChanged,
  hashFile,
  isGone,
  permissionBits,
  readable,
  readLinkTarget,
  sinceHashed,
  type SourceFile,
} from "./source-file.ts";

/** A build context on this machine. */
export interface SourceTree {
  readonly entries: readonly ManifestEntry[];
  /** Those that do not follow from the entries: empty ones, and those with another mode than 755. */
  readonly folders: readonly ManifestFolder[];
  /** Path of the entry of the Dockerfile. */
  readonly dockerfile: string;
  /** File of each sha256; equal files are listed once. */
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Sentences about files that are left out. */
  readonly notes: readonly string[];
  /** Gives up bytes that were kept; safe to call at any time. */
  readonly close: () => void;
}

export interface SourcePlace {
  /** Absolute path. */
  readonly dockerfile: string;
  /** Absolute path of the directory that is the build context. */
  readonly context: string;
  readonly signal?: AbortSignal;
  /** Called with the number of bytes of each piece. */
  readonly onRead?: (bytes: number) => void;
  /** Paths of files that changed while an earlier tree was sent; their bytes are kept. */
  readonly changing?: ReadonlySet<string>;
  /** Where there is no Dockerfile: the text of one, and the lines of a .dockerignore for a folder without one. */
  readonly made?: { readonly dockerfile: string; readonly dockerignore: string } | undefined;
  /** Folder for copies of large files that change; the system's when left out. */
  readonly temporary?: string;
}

/** The context without `--context`: the current directory when the Dockerfile is below it, else the Dockerfile's own directory. */
export function chooseContext(dockerfile: string, cwd: string): string {
  // The whole file system is never a build context.
  return cwd === "/" || inside(cwd, dockerfile) === undefined ? dirname(dockerfile) : cwd;
}

/** A folder may turn into a file between two looks at it; then all is read again, so many times. */
const maxReadings = 3;

/**
 * Reads the context without the ignored files, each file once. Hashes eight files at a time. The bytes of files that change meanwhile
 * are kept, so that those bytes can be sent; what vanishes meanwhile is left out. Throws UserError with the file that cannot be read.
 */
export async function readSourceTree(place: SourcePlace): Promise<SourceTree> {
  const keeping = keepBytes(place.temporary);
  try {
    for (let reading = 1; ; reading += 1) {
      try {
        return await readOnce(place, keeping);
      } catch (error) {
        if (!(error instanceof FileChanged) || reading === maxReadings) throw error;
      }
    }
  } catch (error) {
    keeping.close();
    throw error;
  }
}

async function readOnce(place: SourcePlace, keeping: KeptBytes): Promise<SourceTree> {
  const ignore = await readIgnore(place);
  const own = inside(place.context, place.dockerfile);
  const always = new Set([".dockerignore", ...(own === undefined ? [] : [own])]);
  const on: Walk = { place, ignore, always, notes: [], found: [], folders: [] };
  await walk(on, "", undefined);
  const { found, notes } = on;
  const isOwn = found.some((item) => item.absolute === place.dockerfile && !item.isLink);
  const dockerfile = isOwn ? (own ?? "") : reservedPath(found);
  if (!isOwn && place.made === undefined)
    found.push({ path: dockerfile, absolute: await followed(place), isLink: false });
  found.push(...(await ignoredProcfile(place.context, dockerfile, found)));
  const made =
    isOwn || place.made === undefined ? [] : [await madeItem(dockerfile, place.made.dockerfile)];
  const read = [...(await readItems({ place, keeping, dockerfile }, found)), ...made];
  const sources = read.flatMap(({ source }) => source ?? []);
  const files = new Map(sources.map((source) => [source.sha256, source]));
  const entries = read.map(({ entry }) => entry).toSorted(byPath);
  const folders = sentFolders(on.folders, entries);
  return { entries, folders, dockerfile, files, notes, close: keeping.close };
}

/** The Procfile of the Dockerfile where `.dockerignore` excludes it: the server reads it, and no image gets it. */
async function ignoredProcfile(
  context: string,
  dockerfile: string,
  found: readonly Found[],
): Promise<readonly Found[]> {
  const path = procfilePath(dockerfile);
  if (found.some((one) => one.path === path)) return [];
  const absolute = join(context, path);
  const facts = await lstat(absolute).catch(() => undefined);
  return facts?.isFile() === true ? [{ path: reservedProcfile, absolute, isLink: false }] : [];
}

interface Reading {
  readonly place: SourcePlace;
  readonly keeping: KeptBytes;
  /** Path of its entry: a push cannot do without it. */
  readonly dockerfile: string;
}

interface Item {
  readonly entry: ManifestEntry;
  readonly source?: SourceFile;
}

/** Reads each item, and once more those that have changed by the end, whose bytes are kept then. */
async function readItems(on: Reading, found: readonly Found[]): Promise<readonly Item[]> {
  const { changing } = on.place;
  const first = await inParallel(found, 8, (one) =>
    readItem(on, one, changing?.has(one.path) === true),
  );
  const settled: Item[] = [];
  for (const [index, one] of found.entries()) {
    if (index % 500 === 499) await setImmediate();
    const item = first[index];
    const isSettled = item?.source === undefined || item.source.kept !== undefined;
    const isSame = isSettled || sinceHashed(item.source) === "same";
    const last = isSame ? item : await readItem(on, one, true);
    if (last !== undefined) settled.push(last);
  }
  return settled;
}

/** A file that is in memory only. */
async function madeItem(path: string, text: string): Promise<Item> {
  const bytes = Buffer.from(text);
  const size = bytes.length;
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const kept = inBuffer(bytes);
  const source = { path, absolute: path, size, sha256, modifiedMs: 0, mark: "", kept };
  return { entry: { path, mode: 0o644, size, sha256 }, source };
}

/** Undefined for what is not there any more. Throws FileChanged for what is something else by now. */
async function readItem(
  { place, keeping, dockerfile }: Reading,
  { path, absolute, isLink }: Found,
  isChanging: boolean,
): Promise<Item | undefined> {
  place.signal?.throwIfAborted();
  const onRead = (bytes: number) => {
    place.signal?.throwIfAborted();
    place.onRead?.(bytes);
  };
  const keep = ({ size, mtimeMs }: Stats) => {
    if (isChanging) return keeping.anywhere(path, size);
    return Math.abs(Date.now() - mtimeMs) < youngMs ? keeping.inMemory(size) : undefined;
  };
  try {
    if (isLink) return { entry: { path, link: await readLinkTarget(path, absolute) } };
    const { source, mode } = await hashFile(path, absolute, { onRead, keep });
    const { size, sha256 } = source;
    return { entry: { path, mode, size, sha256 }, source };
  } catch (error) {
    if (!isGone(error) || path.includes("\uFFFD")) throw error;
    if (fileCode(error) !== "ENOENT") throw became(path, error);
    if (path === dockerfile) throw error;
    return undefined;
  }
}

const became = (path: string, error: unknown): FileChanged =>
  new FileChanged(path, "became something else while it was read", error);

/** A file that was written so short a time ago is probably written to again, such as a log. */
const youngMs = 3000;

/** Paths of files that are no longer as they were read, of those whose bytes were not kept. */
export const changedSince = ({ files }: SourceTree): readonly string[] =>
  [...files.values()].flatMap((source) =>
    source.kept !== undefined || sinceHashed(source) === "same" ? [] : [source.path],
  );

interface Found {
  readonly path: string;
  readonly absolute: string;
  readonly isLink: boolean;
}

interface Walk {
  readonly place: SourcePlace;
  readonly ignore: Ignore;
  /** Paths that are sent even if `.dockerignore` excludes them. */
  readonly always: ReadonlySet<string>;
  readonly notes: string[];
  readonly found: Found[];
  readonly folders: SeenFolder[];
}

async function walk(on: Walk, folder: string, state: IgnoreState | undefined): Promise<void> {
  on.place.signal?.throwIfAborted();
  const directory = join(on.place.context, folder);
  const isRoot = folder === "";
  const children = await readFolder(folder, readdir(directory, { withFileTypes: true }));
  for (const child of children ?? []) {
    const path = isRoot ? child.name : `${folder}/${child.name}`;
    const { isIgnored, state: below } = on.ignore.verdict(path, state);
    if (child.isDirectory()) {
      const isNeeded = [...on.always].some((kept) => kept.startsWith(`${path}/`));
      if (isIgnored && !isNeeded && !on.ignore.mayHoldExceptions(path)) continue;
      const facts = await readFolder(path, lstat(join(directory, child.name)));
      if (facts === undefined) continue;
      on.folders.push({ path, mode: facts.mode & permissionBits, isIgnored });
      await walk(on, path, below);
      continue;
    }
    if (isIgnored && !on.always.has(path)) continue;
    const isLink = child.isSymbolicLink();
    if (child.isFile() || isLink)
      on.found.push({ path, absolute: join(directory, child.name), isLink });
    else on.notes.push(`${shownPath(path)}: left out, it is a ${kindOf(child)}`);
    if (on.found.length > maxEntries) throw tooMany(on.place.context);
  }
}

/** Undefined for a folder that has vanished; throws FileChanged for one that is no folder any more. */
async function readFolder<T>(path: string, answer: Promise<T>): Promise<T | undefined> {
  try {
    return await readable(path || ".", answer);
  } catch (error) {
    if (!isGone(error) || path === "" || path.includes("\uFFFD")) throw error;
    if (fileCode(error) === "ENOENT") return undefined;
    throw became(path, error);
  }
}

const tooMany = (context: string): UserError =>
  new UserError(`build context ${context}: more than ${maxEntries} files`, {
    code: "too-many-files",
    hint: "leave out what the build does not need: list it in .dockerignore",
  });

function kindOf(child: Dirent): string {
  if (child.isSocket()) return "socket";
  return child.isFIFO() ? "fifo" : "device";
}

/** `<Dockerfile>.dockerignore` replaces `.dockerignore` of the context, as in BuildKit. */
async function readIgnore({ dockerfile, context, made }: SourcePlace): Promise<Ignore> {
  for (const path of [`${dockerfile}.dockerignore`, join(context, ".dockerignore")]) {
    const text = await readable(basename(path), readIfThere(path));
    if (text) return parseDockerignore(text.toString("utf8"), inside(context, path) ?? path);
  }
  return parseDockerignore(made?.dockerignore ?? "");
}

/** A link to the Dockerfile is followed; links in the context are not. */
async function followed({ dockerfile }: SourcePlace): Promise<string> {
  const real = await readable(dockerfile, realpath(dockerfile));
  if ((await readable(dockerfile, stat(real))).isFile()) return real;
  throw new UserError(`${dockerfile}: not a file`, { code: "unreadable" });
}

/** Path of `target` relative to `directory`; undefined outside of it. */
function inside(directory: string, target: string): string | undefined {
  const path = relative(directory, target);
  return path === "" || path === ".." || path.startsWith("../") || isAbsolute(path)
    ? undefined
    : path;
}

async function inParallel<T, R>(
  items: readonly T[],
  workers: number,
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let failed = false;
  const run = async () => {
    for (const [index, item] of queue) {
      if (failed) return;
      results[index] = await work(item).catch((error: unknown) => {
        failed = true;
        throw error;
      });
    }
  };
  await Promise.all(Array.from({ length: workers }, run));
  return results;
}
