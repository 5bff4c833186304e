import { type Hint, command, hint } from "../../core/hints.ts";
import { createHash } from "node:crypto";
import { lstatSync, type Stats } from "node:fs";
import { constants, open, readlink, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/errors.ts";
import { shownPath } from "../../core/push/manifest.ts";
import { maxBlobBytes } from "../../core/wire/protocol.ts";
import { codeOf } from "../files.ts";
import type { Kept } from "./kept-bytes.ts";

/** One file of a build context, as it was when it was hashed. */
export interface SourceFile {
  /** Path in the manifest, for messages. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  readonly sha256: string;
  readonly modifiedMs: number;
  /** Differs once the file has changed. */
  readonly mark: string;
  /** Its bytes, where they were kept. */
  readonly kept?: Kept;
}

/** A file that is no longer what it was when it was listed or hashed. */
export class FileChanged extends UserError {
  readonly path: string;

  constructor(path: string, what: string, cause?: unknown) {
    super(`${shownPath(path)}: ${what}`, { code: "changed", hint: changing, cause });
    this.path = path;
  }
}

export const changedFile = ({ path }: Pick<SourceFile, "path">): FileChanged =>
  new FileChanged(path, "changed while it was being sent");

/** A file that lies in a folder under its sha256. */
export async function sourceIn(
  folder: string,
  { path, sha256, size }: Pick<SourceFile, "path" | "sha256" | "size">,
): Promise<SourceFile> {
  const absolute = join(folder, sha256);
  const facts = await stat(absolute);
  return { path, absolute, size, sha256, modifiedMs: facts.mtimeMs, mark: markOf(facts) };
}

export interface Hashing {
  /** Called with the number of bytes of each piece; an error of it stops the reading. */
  readonly onRead?: (bytes: number) => void;
  /** Where the bytes are kept, if they are to be. */
  readonly keep?: (facts: Stats) => Kept | undefined | Promise<Kept>;
}

/** Reads a file once, in pieces of 256 KiB and no further than it was long at the beginning; returns its hash and its permission bits. */
export async function hashFile(path: string, absolute: string, { onRead, keep }: Hashing = {}) {
  return withFile(path, absolute, async (file) => {
    const facts = await file.stat();
    if (!facts.isFile()) throw new FileChanged(path, "became something else while it was read");
    if (facts.size > maxBlobBytes) throw tooLarge(path, facts.size);
    const kept = await keep?.(facts);
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(pieceBytes);
    let size = 0;
    while (size < facts.size) {
      const wanted = Math.min(buffer.length, facts.size - size);
      const { bytesRead } = await file.read(buffer, 0, wanted, null);
      if (bytesRead === 0) break;
      const piece = buffer.subarray(0, bytesRead);
      hash.update(piece);
      await kept?.write(piece, size);
      size += bytesRead;
      onRead?.(bytesRead);
    }
    const sha256 = hash.digest("hex");
    const own = { path, absolute, size, sha256, modifiedMs: facts.mtimeMs, mark: markOf(facts) };
    const source: SourceFile = { ...own, ...(kept !== undefined && { kept }) };
    return { source, mode: facts.mode & permissionBits };
  });
}

/** Said before it is read, which may take hours. */
const tooLarge = (path: string, size: number): UserError =>
  new UserError(`${shownPath(path)}: ${size} bytes, at most ${maxBlobBytes} can be pushed`, {
    code: "too-large",
    hint: "add it to .dockerignore",
  });

export const permissionBits = 0o7777;

const markOf = ({ ino, size, mtimeMs, ctimeMs }: Stats): string =>
  `${ino} ${size} ${mtimeMs} ${ctimeMs}`;

/** What has become of a file since it was opened for hashing. Not asynchronous: for many files that would take as long as to hash them. */
export function sinceHashed({ absolute, mark }: Pick<SourceFile, "absolute" | "mark">) {
  try {
    const facts = lstatSync(absolute, { throwIfNoEntry: false });
    if (facts === undefined) return "gone";
    return facts.isFile() && markOf(facts) === mark ? "same" : "changed";
  } catch {
    // Reading it again names the reason.
    return "changed";
  }
}

/** Reads a small file. Throws FileChanged when its hash differs. */
export const readWhole = async (source: SourceFile): Promise<Buffer> =>
  withBytes(source, async ({ read }) => {
    // One byte more, to see that the file has grown.
    const buffer = Buffer.alloc(source.size + (source.kept === undefined ? 1 : 0));
    let length = 0;
    while (length < buffer.length) {
      const bytesRead = await read(buffer, length, buffer.length - length, length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const bytes = buffer.subarray(0, length);
    if (createHash("sha256").update(bytes).digest("hex") !== source.sha256)
      throw changedFile(source);
    return bytes;
  });

/** Yields the bytes from `from` to `to` (exclusive) of a large file. Throws FileChanged when its size or time differs. */
export async function* readRange(source: SourceFile, from: number, to: number) {
  const { kept } = source;
  const file = kept === undefined ? await openAgain(source) : undefined;
  try {
    if (file !== undefined) {
      const { size, mtimeMs } = await file.stat();
      if (size !== source.size || mtimeMs !== source.modifiedMs) throw changedFile(source);
    }
    const read = kept?.read ?? readerOf(file);
    for (let at = from; at < to;) {
      // A new buffer each time: the socket may still send the last one.
      const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, to - at));
      const bytesRead = await read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw changedFile(source);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file?.close();
  }
}

const readerOf =
  (file: FileHandle | undefined): Kept["read"] =>
  async (into, offset, length, at) =>
    file === undefined ? 0 : (await file.read(into, offset, length, at)).bytesRead;

async function withBytes<T>(
  source: SourceFile,
  use: (from: Pick<Kept, "read">) => Promise<T>,
): Promise<T> {
  if (source.kept !== undefined) return use(source.kept);
  const file = await openAgain(source);
  try {
    return await use({ read: readerOf(file) });
  } catch (error) {
    throw isGone(error) ? changedFile(source) : explained(source.path, error);
  } finally {
    await file.close();
  }
}

/** What has vanished since it was hashed, or is something else now, has changed. */
const openAgain = async (source: SourceFile): Promise<FileHandle> =>
  openFile(source.path, source.absolute).catch((error: unknown) => {
    throw isGone(error) ? changedFile(source) : error;
  });

/** Target of a link, as it is. Throws UserError for one that is not valid Unicode. */
export async function readLinkTarget(path: string, absolute: string): Promise<string> {
  const bytes = await readable(path, readlink(absolute, { encoding: "buffer" }));
  const target = bytes.toString("utf8");
  if (Buffer.from(target).equals(bytes)) return target;
  throw new UserError(`${shownPath(path)}: its target is not valid Unicode`, {
    code: "unreadable",
    hint: "make the link anew, or add it to .dockerignore",
  });
}

/** What the file system answers; its error becomes a UserError with the file and the reason. */
export const readable = <T>(path: string, answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw explained(path, error);
  });

const explained = (path: string, error: unknown): unknown =>
  error instanceof UserError ? error : unreadable(path, error);

/** True for an error that says that a path is not there any more, or something else than it was. */
export const isGone = (error: unknown): boolean =>
  ["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "ENXIO", "EINVAL"].includes(fileCode(error) ?? "");

/** The code of the file system in an error of reading a file. */
export function fileCode(error: unknown): string | undefined {
  if (!(error instanceof UserError)) return codeOf(error);
  return error.code === "unreadable" ? codeOf(error.cause) : undefined;
}

/** Turns an error of the file system into a UserError with the file and the reason. */
export function unreadable(path: string, error: unknown): UserError {
  const code = codeOf(error) ?? "";
  // Names that are not UTF-8 are read with this letter in them, and are not found again.
  const [reason, way] =
    code === "ENOENT" && path.includes("\uFFFD") ? notUnicode : (reasons[code] ?? []);
  if (reason === undefined) throw error;
  return new UserError(`${shownPath(path)}: ${reason}`, {
    code: "unreadable",
    hint: way,
    cause: error,
  });
}

const notUnicode = [
  "its name is not valid Unicode",
  "rename it, or add it to .dockerignore with ? for each such letter",
] as const;

const changing = hint`push again: ${command("push")}; if it always changes, add it to .dockerignore`;

const reasons: Readonly<Record<string, readonly [string, Hint]>> = {
  EACCES: ["no permission to read it", "change its permissions, or add it to .dockerignore"],
  EPERM: ["no permission to read it", "change its permissions, or add it to .dockerignore"],
  ENOENT: ["no longer exists", hint`push again: ${command("push")}`],
  ELOOP: ["became a link while it was being read", changing],
  ENOTDIR: ["its folder became a file while it was being read", changing],
  EISDIR: ["became a folder while it was being read", changing],
  ENXIO: ["became a socket while it was being read", changing],
  EIO: ["the disk cannot read it", "check the disk: dmesg"],
  ENAMETOOLONG: ["its path is too long", "add it to .dockerignore"],
};

const pieceBytes = 256 * 1024;

async function withFile<T>(path: string, absolute: string, use: (file: FileHandle) => Promise<T>) {
  const file = await openFile(path, absolute);
  try {
    return await use(file);
  } catch (error) {
    throw explained(path, error);
  } finally {
    await file.close();
  }
}

function openFile(path: string, absolute: string): Promise<FileHandle> {
  // A path that was a file may be a link or a fifo now.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  return readable(path, open(absolute, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
}
