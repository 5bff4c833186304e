import { randomBytes } from "node:crypto";
import {
  access,
  chmod,
  chown,
  mkdir,
  open,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname } from "node:path";
import { UserError } from "../core/errors.ts";

export interface FileMode {
  readonly mode: number;
  /** Numeric user and group; undefined: those of this process. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

/** Replaces a file. After a power cut, it has the old bytes or the new ones, never a part of either. A file of one writer may have a `temporary` of its own on the same file system. */
export async function writeFileAtomic(
  path: string,
  bytes: string | Uint8Array,
  access: FileMode,
  temporary?: string,
): Promise<void> {
  // Because of the dot, directory watchers such as Traefik's ignore it.
  const next = temporary ?? `${dirname(path)}/.${randomBytes(8).toString("hex")}.tmp`;
  // A crash may have left one.
  if (temporary !== undefined) await rm(temporary, { force: true });
  try {
    const file = await open(next, "wx", access.mode);
    try {
      await file.writeFile(bytes);
      // The umask may have taken bits away at `open`.
      await file.chmod(access.mode);
      if (access.owner) await file.chown(access.owner.uid, access.owner.gid);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(next, path);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Writes a file that must not be there yet; throws UserError where it is, or cannot be written. */
export async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx" });
  } catch (cause) {
    const reason = { EEXIST: "is already there", EACCES: "permission denied" }[codeOf(cause) ?? ""];
    if (reason === undefined) throw cause;
    throw new UserError(`${path}: ${reason}`, { code: "cannot-write", cause });
  }
}

/** The result of a repair: the thing was missing, was different, or was right. */
export type Ensured = "created" | "changed" | "already there";

/** Writes a file only where its bytes, mode or owner differ. */
export async function ensureFile(
  path: string,
  bytes: string | Uint8Array,
  access: FileMode,
): Promise<Ensured> {
  const before = await readIfThere(path);
  if (before?.equals(Buffer.from(bytes)) === true) return ensureAccess(path, access);
  await writeFileAtomic(path, bytes, access);
  return before === undefined ? "created" : "changed";
}

/** Makes a directory (and its parents, with default modes) and gives it mode and owner. */
export async function ensureDirectory(path: string, access: FileMode): Promise<Ensured> {
  const made = await mkdir(path, { recursive: true, mode: access.mode });
  const found = await ensureAccess(path, access);
  return made === undefined ? found : "created";
}

async function ensureAccess(path: string, access: FileMode): Promise<Ensured> {
  const { mode, uid, gid } = await stat(path);
  let found: Ensured = "already there";
  if (access.owner && (access.owner.uid !== uid || access.owner.gid !== gid)) {
    await chown(path, access.owner.uid, access.owner.gid);
    found = "changed";
  }
  if ((mode & 0o7777) !== access.mode) {
    await chmod(path, access.mode);
    found = "changed";
  }
  return found;
}

/** The bytes of a file; undefined when there is none. */
export const readIfThere = (path: string): Promise<Buffer | undefined> => ifThere(readFile(path));

/** What the file system answers; undefined when there is no such file. */
export const ifThere = <T>(answer: Promise<T>): Promise<T | undefined> =>
  answer.catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });

/** True for a file or folder that this program can reach. */
export const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A path with all its links resolved; unchanged when it does not exist. */
export const realPath = async (path: string): Promise<string> =>
  (await ifThere(realpath(path))) ?? path;

/** The system's word for what went wrong, such as `ENOENT`. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** True for the error of SQLite where another process has the lock of a file (SQLITE_BUSY). */
export const isLocked = (error: unknown): boolean =>
  error instanceof Error && "errcode" in error && error.errcode === 5;

/** Makes a rename in a directory durable. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Collects a stream; `claim` gets the length of each piece first and may refuse it. */
export async function readWhole(
  pieces: AsyncIterable<Uint8Array>,
  claim: (bytes: number) => void,
): Promise<Buffer> {
  const kept: Uint8Array[] = [];
  for await (const piece of pieces) {
    claim(piece.length);
    kept.push(piece);
  }
  return Buffer.concat(kept);
}

/** The same for at most so many bytes; throws what `tooLong` makes for more. */
export function readAtMost(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooLong = () => new Error(`more than ${maxBytes} bytes`),
): Promise<Buffer> {
  let size = 0;
  return readWhole(pieces, (bytes) => {
    size += bytes;
    if (size > maxBytes) throw tooLong();
  });
}
