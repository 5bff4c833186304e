import { type Hint, command, hint } from "../../core/hints.ts";
import { createHash } from "node:crypto";
import { constants, open, readlink, type FileHandle } from "node:fs/promises";
import { UserError } from "../../core/errors.ts";
import { codeOf } from "../files.ts";

/** One file of a build context, as it was when it was hashed. */
export interface SourceFile {
  /** Path in the manifest, for messages. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  readonly sha256: string;
  readonly modifiedMs: number;
}

/** Reads a file once, in pieces of 256 KiB, and returns its hash and whether it is executable. An error of `onRead` stops it. */
export async function hashFile(
  path: string,
  absolute: string,
  onRead: (bytes: number) => void = () => {},
) {
  return withFile(path, absolute, async (file) => {
    const hash = createHash("sha256");
    const buffer = Buffer.allocUnsafe(pieceBytes);
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
      onRead(bytesRead);
    }
    const { mode, mtimeMs } = await file.stat();
    const sha256 = hash.digest("hex");
    const source: SourceFile = { path, absolute, size, sha256, modifiedMs: mtimeMs };
    return { source, isExecutable: (mode & 0o111) !== 0 };
  });
}

/** Reads a small file. Throws UserError "changed" when its hash differs. */
export const readWhole = async (source: SourceFile): Promise<Buffer> =>
  withFile(source.path, source.absolute, async (file) => {
    // One byte more, to see that the file has grown.
    const buffer = Buffer.alloc(source.size + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    const bytes = buffer.subarray(0, length);
    if (createHash("sha256").update(bytes).digest("hex") !== source.sha256)
      throw changedFile(source);
    return bytes;
  });

/** Yields the bytes from `from` to `to` (exclusive) of a large file. Throws UserError "changed" when its size or time differs. */
export async function* readRange(source: SourceFile, from: number, to: number) {
  const file = await openFile(source.path, source.absolute);
  try {
    const { size, mtimeMs } = await file.stat();
    if (size !== source.size || mtimeMs !== source.modifiedMs) throw changedFile(source);
    for (let at = from; at < to;) {
      // A new buffer each time: the socket may still send the last one.
      const buffer = Buffer.allocUnsafe(Math.min(pieceBytes, to - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw changedFile(source);
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Target of a link, in Unicode form NFC as on the server. */
export const readLinkTarget = async (path: string, absolute: string): Promise<string> =>
  (await readable(path, readlink(absolute))).normalize("NFC");

/** What the file system answers; its error becomes a UserError with the file and the reason. */
export const readable = <T>(path: string, answer: Promise<T>): Promise<T> =>
  answer.catch((error: unknown) => {
    throw unreadable(path, error);
  });

export const changedFile = (source: Pick<SourceFile, "path">): UserError =>
  new UserError(`${source.path}: changed while it was being sent`, {
    code: "changed",
    hint: hint`push again: ${command("push")}`,
  });

/** Turns an error of the file system into a UserError with the file and the reason. */
export function unreadable(path: string, error: unknown): UserError {
  const [reason, hint] = reasons[codeOf(error) ?? ""] ?? [];
  if (reason === undefined) throw error;
  return new UserError(`${path}: ${reason}`, { code: "unreadable", hint, cause: error });
}

const reasons: Readonly<Record<string, readonly [string, Hint]>> = {
  EACCES: ["no permission to read it", "change its permissions, or add it to .dockerignore"],
  EPERM: ["no permission to read it", "change its permissions, or add it to .dockerignore"],
  ENOENT: ["no longer exists", hint`push again: ${command("push")}`],
  ELOOP: ["became a link while it was being read", hint`push again: ${command("push")}`],
  EIO: ["the disk cannot read it", "check the disk: dmesg"],
  ENAMETOOLONG: ["its path is too long", "add it to .dockerignore"],
};

const pieceBytes = 256 * 1024;

async function withFile<T>(path: string, absolute: string, use: (file: FileHandle) => Promise<T>) {
  const file = await openFile(path, absolute);
  try {
    return await use(file);
  } catch (error) {
    throw error instanceof UserError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

function openFile(path: string, absolute: string): Promise<FileHandle> {
  // A path that was a file may be a link or a fifo now.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  return readable(path, open(absolute, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
}
