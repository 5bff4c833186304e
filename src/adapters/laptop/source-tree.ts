import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative } from "node:path";
import type { Dirent } from "node:fs";
import { parseDockerignore, type Ignore, type IgnoreState } from "../../core/push/dockerignore.ts";
import { UserError } from "../../core/errors.ts";
import { byPath, maxEntries } from "../../core/push/manifest.ts";
import type { ManifestEntry } from "../../core/actions/push.ts";
import { readIfThere } from "../files.ts";
import { hashFile, readable, readLinkTarget, type SourceFile } from "./source-file.ts";

/** A build context on this machine. */
export interface SourceTree {
  readonly entries: readonly ManifestEntry[];
  /** Path of the entry of the Dockerfile. */
  readonly dockerfile: string;
  /** File of each sha256; equal files are listed once. */
  readonly files: ReadonlyMap<string, SourceFile>;
  /** Sentences about files that are left out. */
  readonly notes: readonly string[];
}

export interface SourcePlace {
  /** Absolute path. */
  readonly dockerfile: string;
  /** Absolute path of the directory that is the build context. */
  readonly context: string;
  readonly signal?: AbortSignal;
  /** Called with the number of bytes of each piece. */
  readonly onRead?: (bytes: number) => void;
}

/** Folder of a Dockerfile that is outside the context. */
export const reservedFolder = ".mypaas";

/** The context without `--context`: the current directory when the Dockerfile is below it, else the Dockerfile's own directory. */
export function chooseContext(dockerfile: string, cwd: string): string {
  // The whole file system is never a build context.
  return cwd === "/" || inside(cwd, dockerfile) === undefined ? dirname(dockerfile) : cwd;
}

/** Reads the context without `.git` and the ignored files. Hashes eight files at a time. */
export async function readSourceTree(place: SourcePlace): Promise<SourceTree> {
  const ignore = await readIgnore(place);
  const notes: string[] = [];
  const found: Found[] = [];
  const own = inside(place.context, place.dockerfile);
  const always = new Set([".dockerignore", ...(own === undefined ? [] : [own.normalize("NFC")])]);
  await walk({ place, ignore, always, notes, found }, "", undefined);
  const isOwn = found.some((item) => item.absolute === place.dockerfile && !item.isLink);
  const dockerfile = isOwn ? (own ?? "").normalize("NFC") : reservedPath(found);
  if (!isOwn) found.push({ path: dockerfile, absolute: await followed(place), isLink: false });
  const files = new Map<string, SourceFile>();
  const onRead = (bytes: number) => {
    place.signal?.throwIfAborted();
    place.onRead?.(bytes);
  };
  const entries = await inParallel(found, 8, async (item): Promise<ManifestEntry> => {
    place.signal?.throwIfAborted();
    const { path, absolute } = item;
    if (item.isLink) return { path, link: await readLinkTarget(path, absolute) };
    const { source, isExecutable } = await hashFile(path, absolute, onRead);
    files.set(source.sha256, source);
    const { size, sha256 } = source;
    return { path, mode: isExecutable ? 0o755 : 0o644, size, sha256 };
  });
  return { entries: entries.toSorted(byPath), dockerfile, files, notes };
}

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
}

async function walk(on: Walk, folder: string, state: IgnoreState | undefined): Promise<void> {
  on.place.signal?.throwIfAborted();
  const directory = join(on.place.context, folder);
  for (const child of await readable(folder || ".", readdir(directory, { withFileTypes: true }))) {
    if (child.name === ".git") continue;
    const raw = folder === "" ? child.name : `${folder}/${child.name}`;
    const path = raw.normalize("NFC");
    const verdict = on.ignore.verdict(path, state);
    if (child.isDirectory()) {
      const isNeeded = [...on.always].some((kept) => kept.startsWith(`${path}/`));
      if (!verdict.isIgnored || isNeeded || on.ignore.mayHoldExceptions(path))
        await walk(on, raw, verdict.state);
      continue;
    }
    if (verdict.isIgnored && !on.always.has(path)) continue;
    const isLink = child.isSymbolicLink();
    if (child.isFile() || isLink)
      on.found.push({ path, absolute: join(directory, child.name), isLink });
    else on.notes.push(`${path}: left out, it is a ${kindOf(child)}`);
    if (on.found.length > maxEntries) throw tooMany(on.place.context);
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
async function readIgnore({ dockerfile, context }: SourcePlace): Promise<Ignore> {
  for (const path of [`${dockerfile}.dockerignore`, join(context, ".dockerignore")]) {
    const text = await readable(basename(path), readIfThere(path));
    if (text) return parseDockerignore(text.toString("utf8"), inside(context, path) ?? path);
  }
  return parseDockerignore("");
}

/** A link to the Dockerfile is followed; links in the context are not. */
async function followed({ dockerfile }: SourcePlace): Promise<string> {
  const real = await readable(dockerfile, realpath(dockerfile));
  if ((await readable(dockerfile, stat(real))).isFile()) return real;
  throw new UserError(`${dockerfile}: not a file`, { code: "unreadable" });
}

function reservedPath(found: readonly Found[]): string {
  const taken = new Set(found.map((item) => item.path));
  let path = `${reservedFolder}/Dockerfile`;
  for (let count = 2; taken.has(path); count += 1) path = `${reservedFolder}/Dockerfile.${count}`;
  return path;
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
