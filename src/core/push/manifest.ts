import { posix } from "node:path";
import { maxBlobBytes } from "../wire/protocol.ts";
import type { ManifestEntry, PushManifest } from "../actions/push.ts";

export const maxEntries = 100_000;
/** All files of one push together. */
const maxContextBytes = 16 * 1024 * 1024 * 1024;
const maxPathBytes = 4096;
const maxSegmentBytes = 255;
/** More problems help no reader, and a hostile manifest must not cause a long answer. */
const maxProblems = 20;

/** Finds at most 20 problems in a manifest, in its order. The client checks before it sends, and the server again. */
export function checkManifest(manifest: PushManifest): readonly string[] {
  const { entries, dockerfile } = manifest;
  if (entries.length > maxEntries)
    return [`build context: ${entries.length} files, at most ${maxEntries} can be pushed`];
  const problems: string[] = [];
  for (const problem of problemsOf(entries, dockerfile)) {
    problems.push(problem);
    if (problems.length === maxProblems) break;
  }
  return problems;
}

function* problemsOf(entries: readonly ManifestEntry[], dockerfile: string) {
  const leaves = new Set(entries.map((entry) => entry.path));
  const sizes = new Map<string, number>();
  let total = 0;
  let previous: string | undefined;
  for (const entry of entries) {
    const problem =
      checkPath(entry.path) ??
      checkOrder(entry.path, previous) ??
      checkAncestors(entry.path, leaves) ??
      ("link" in entry ? checkLink(entry) : checkFile(entry, sizes));
    if (problem !== undefined) yield `${quote(entry.path)}: ${problem}`;
    previous = entry.path;
    total += "link" in entry ? 0 : entry.size;
  }
  if (!(total <= maxContextBytes))
    yield `build context: ${total} bytes, at most ${maxContextBytes} can be pushed`;
  if (!entries.some((entry) => entry.path === dockerfile && !("link" in entry)))
    yield `dockerfile: ${quote(dockerfile)} is not a file of the build context`;
}

/** Order of the entries: by code unit, the same in every locale. */
export const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : Number(a.path > b.path);

function checkPath(path: string): string | undefined {
  if (path === "") return "path is empty";
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path)) return "path has control characters";
  if (!path.isWellFormed() || path.includes("\uFFFD")) return "path is not valid Unicode";
  if (path !== path.normalize("NFC")) return "path is not in Unicode normal form NFC";
  if (path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path)) return "path is not relative";
  if (Buffer.byteLength(path) > maxPathBytes) return `path is longer than ${maxPathBytes} bytes`;
  // A backslash is a letter on Linux and a separator elsewhere; `..` is forbidden in both cases.
  if (path.split(/[\\/]/).some((part) => part === "..")) return "path leaves the build context";
  const segments = path.split("/");
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
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1))
    if (leaves.has(path.slice(0, at))) return "path goes through a file or a link";
  return undefined;
}

function checkLink(entry: { readonly path: string; readonly link: string }): string | undefined {
  const { path, link } = entry;
  // eslint-disable-next-line no-control-regex
  if (link === "" || /[\u0000-\u001f\u007f-\u009f]/.test(link) || link.length > maxPathBytes)
    return "link has no valid target";
  const target = posix.normalize(posix.join(posix.dirname(path), link));
  const isOutside = link.startsWith("/") || target === ".." || target.startsWith("../");
  return isOutside ? `link points out of the build context, to ${quote(link)}` : undefined;
}

type FileEntry = Exclude<ManifestEntry, { readonly link: string }>;

function checkFile(file: FileEntry, sizes: Map<string, number>): string | undefined {
  const { mode, size, sha256 } = file;
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) return `mode is not valid: ${mode}`;
  if (!Number.isSafeInteger(size) || size < 0) return `size is not valid: ${size}`;
  if (size > maxBlobBytes) return `${size} bytes, at most ${maxBlobBytes} can be pushed`;
  if (!/^[0-9a-f]{64}$/.test(sha256)) return "sha256 is not valid";
  const known = sizes.get(sha256) ?? size;
  sizes.set(sha256, known);
  return known === size ? undefined : "size differs from another file with the same sha256";
}

const quote = (text: string): string =>
  JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}…` : text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
