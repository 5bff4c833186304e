import { maxBlobBytes } from "../wire/protocol.ts";
import type { ManifestEntry, ManifestImage, PushManifest } from "../actions/push.ts";
import { maxConfigBytes } from "../image/image-config.ts";

export const maxEntries = 100_000;
/** All files of one push together. */
const maxContextBytes = 16 * 1024 * 1024 * 1024;
const maxPathBytes = 4096;
const maxSegmentBytes = 255;
/** More problems help no reader, and a hostile manifest must not cause a long answer. */
const maxProblems = 20;

/** Finds at most 20 problems in a manifest, in its order. The client checks before it sends, and the server again. */
export function checkManifest(manifest: PushManifest): readonly string[] {
  const { entries, folders = [] } = manifest;
  if (entries.length + folders.length > maxEntries)
    return [
      `build context: ${entries.length + folders.length} files and folders, at most ${maxEntries} can be pushed`,
    ];
  return atMost(problemsOf(manifest));
}

function atMost(found: Iterable<string>): readonly string[] {
  const problems: string[] = [];
  for (const problem of found) {
    problems.push(problem);
    if (problems.length === maxProblems) break;
  }
  return problems;
}

/** Finds at most 20 problems in entries alone, for those that are not the files of a push yet. */
export const checkEntries = (tree: Pick<PushManifest, "entries" | "folders">): readonly string[] =>
  atMost(problemsOfEntries(tree));

function* problemsOf({ entries, folders = [], dockerfile, image }: PushManifest) {
  yield* problemsOfEntries({ entries, folders });
  if (!entries.some((entry) => entry.path === dockerfile && !("link" in entry)))
    yield `dockerfile: ${quotePath(dockerfile)} is not a file of the build context`;
  // The engine's builders say it in their messages, line by line.
  else if (hasControls(dockerfile))
    yield `dockerfile: ${quotePath(dockerfile)} has control characters in its path`;
  if (image !== undefined) yield* imageProblems(image, entries);
}

/** More than any engine can stack. */
const maxLayers = 500;

function* imageProblems(
  { config, layers }: ManifestImage,
  entries: PushManifest["entries"],
): Generator<string, void> {
  if (layers.length > maxLayers)
    yield `image: ${layers.length} layers, at most ${maxLayers} can be pushed`;
  const files = new Map(entries.map((entry) => [entry.path, entry]));
  for (const path of [config, ...layers]) {
    const file = files.get(path);
    if (file === undefined || "link" in file) yield `image: ${quotePath(path)} is not a file`;
    else if (path === config && file.size > maxConfigBytes)
      yield `image: its config has ${file.size} bytes, at most ${maxConfigBytes} are read`;
  }
}

function* problemsOfEntries({
  entries,
  folders = [],
}: Pick<PushManifest, "entries" | "folders">): Generator<string, void> {
  const leaves = new Set(entries.map((entry) => entry.path));
  const sizes = new Map<string, number>();
  const named = ({ path }: { readonly path: string }, problem: string | undefined) =>
    problem === undefined ? [] : [`${quotePath(path)}: ${problem}`];
  let total = 0;
  let previous: string | undefined;
  for (const entry of entries) {
    const own = "link" in entry ? checkLink(entry) : checkFile(entry, sizes);
    yield* named(entry, checkPlace(entry.path, previous, leaves) ?? own);
    previous = entry.path;
    total += "link" in entry ? 0 : entry.size;
  }
  previous = undefined;
  for (const folder of folders) {
    const own = leaves.has(folder.path) ? "is a file and a folder" : checkMode(folder.mode);
    yield* named(folder, checkPlace(folder.path, previous, leaves) ?? own);
    previous = folder.path;
  }
  if (!(total <= maxContextBytes))
    yield `build context: ${total} bytes, at most ${maxContextBytes} can be pushed`;
}

/** Order of the entries: by code unit, the same in every locale. */
export const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : Number(a.path > b.path);

/** The folders that a path goes through, from the root down. */
export const foldersAbove = (path: string): readonly string[] =>
  [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index));

const checkPlace = (path: string, previous: string | undefined, leaves: ReadonlySet<string>) =>
  checkPath(path) ?? checkOrder(path, previous) ?? checkAncestors(path, leaves);

/** The server is Linux: a backslash, a colon and every control character but NUL are letters of a name. */
function checkPath(path: string): string | undefined {
  if (path === "") return "path is empty";
  if (!path.isWellFormed()) return "path is not valid Unicode";
  if (path.includes("\0")) return "path has control characters";
  if (path.startsWith("/")) return "path is not relative";
  if (Buffer.byteLength(path) > maxPathBytes) return `path is longer than ${maxPathBytes} bytes`;
  const segments = path.split("/");
  if (segments.includes("..")) return "path leaves the build context";
  if (segments.some((part) => part === "" || part === "."))
    return "path has an empty or a . segment";
  if (segments.some((part) => Buffer.byteLength(part) > maxSegmentBytes))
    return `path has a name longer than ${maxSegmentBytes} bytes`;
  return undefined;
}

function checkOrder(path: string, previous: string | undefined): string | undefined {
  if (path === previous) return "path is listed twice";
  return previous !== undefined && path < previous ? "path is not in sorted order" : undefined;
}

function checkAncestors(path: string, leaves: ReadonlySet<string>): string | undefined {
  const isThrough = foldersAbove(path).some((folder) => leaves.has(folder));
  return isThrough ? "path goes through a file or a link" : undefined;
}

/** A link may point anywhere: nobody follows it before it is in the image. */
function checkLink({ link }: { readonly link: string }): string | undefined {
  const isGood = link !== "" && !link.includes("\0") && link.isWellFormed();
  return isGood && Buffer.byteLength(link) <= maxPathBytes ? undefined : "link has no valid target";
}

type FileEntry = Exclude<ManifestEntry, { readonly link: string }>;

function checkFile(file: FileEntry, sizes: Map<string, number>): string | undefined {
  const { mode, size, sha256 } = file;
  const problem = checkMode(mode);
  if (problem !== undefined) return problem;
  if (!Number.isSafeInteger(size) || size < 0) return `size is not valid: ${size}`;
  if (size > maxBlobBytes) return `${size} bytes, at most ${maxBlobBytes} can be pushed`;
  if (!/^[0-9a-f]{64}$/.test(sha256)) return "sha256 is not valid";
  const known = sizes.get(sha256) ?? size;
  sizes.set(sha256, known);
  return known === size ? undefined : "size differs from another file with the same sha256";
}

const checkMode = (mode: number): string | undefined =>
  Number.isInteger(mode) && mode >= 0 && mode <= 0o7777 ? undefined : `mode is not valid: ${mode}`;

// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** True where a text cannot stand in a line as it is. */
export const hasControls = (text: string): boolean => controls.test(text);

/** A path in quotes for a message, its control characters spelled out and its end cut off where it is long. */
export const quotePath = (text: string): string =>
  JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** A path as a message without quotes has it; in quotes where it has control characters. */
export const shownPath = (path: string): string => (hasControls(path) ? quotePath(path) : path);
