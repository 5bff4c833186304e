import { close, open, read, unlinkSync, write } from "node:fs";
import { tmpdir } from "node:os";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { UserError } from "../../core/errors.ts";
import { formatBytes } from "../../core/format.ts";
import { shownPath } from "../../core/push/manifest.ts";
import { codeOf } from "../files.ts";

/** The bytes of one file as they were read once, for a file that changes meanwhile. */
export interface Kept {
  readonly write: (bytes: Uint8Array, at: number) => Promise<void>;
  /** Fills a part of a buffer with the bytes from `at` on; returns their number. */
  readonly read: (into: Buffer, offset: number, length: number, at: number) => Promise<number>;
}

/** Where bytes are kept until the end of a push. */
export interface KeptBytes {
  /** Room in memory for a small file; undefined when there is none left. */
  readonly inMemory: (size: number) => Kept | undefined;
  /** Room for a file of any size: in memory, or in a temporary file that has no name. */
  readonly anywhere: (path: string, size: number) => Promise<Kept>;
  /** Gives the temporary file up; safe to call at any time. */
  readonly close: () => void;
}

const maxSmallBytes = 1024 * 1024;
const maxMemoryBytes = 32 * 1024 * 1024;

/** Makes room for bytes; `folder` is for temporary files. */
export function keepBytes(folder = tmpdir()): KeptBytes {
  let memory = 0;
  let file: Promise<number> | undefined;
  let length = 0;
  const inMemory: KeptBytes["inMemory"] = (size) => {
    if (size > maxSmallBytes || memory + size > maxMemoryBytes) return undefined;
    memory += size;
    return inBuffer(Buffer.alloc(size));
  };
  return {
    inMemory,
    anywhere: async (path, size) => {
      const small = inMemory(size);
      if (small !== undefined) return small;
      const from = length;
      length += size;
      const explained = { path, size, folder };
      file ??= openNameless(folder);
      return inFile(await noRoom(explained, file), from, explained);
    },
    close: () => {
      file?.then((handle) => close(handle, () => undefined)).catch(() => undefined);
      file = undefined;
    },
  };
}

/** Bytes that are in memory already. */
export function inBuffer(bytes: Buffer): Kept {
  return {
    write: async (piece, at) => {
      bytes.set(piece, at);
    },
    read: async (into, offset, length, at) => bytes.copy(into, offset, at, at + length),
  };
}

interface Wanted {
  readonly path: string;
  readonly size: number;
  readonly folder: string;
}

function inFile(handle: number, from: number, wanted: Wanted): Kept {
  return {
    write: async (piece, at) => {
      for (let done = 0; done < piece.length;) {
        const rest = { length: piece.length - done, position: from + at + done };
        const writing = writeTo(handle, piece, done, rest.length, rest.position);
        done += (await noRoom(wanted, writing)).bytesWritten;
      }
    },
    read: async (into, offset, length, at) =>
      (await readFrom(handle, into, offset, length, from + at)).bytesRead,
  };
}

const openFile = promisify(open);
const writeTo = promisify(write);
const readFrom = promisify(read);

/** Nothing is left of it when this process ends, however it ends. */
async function openNameless(folder: string): Promise<number> {
  const path = join(folder, `mypaas-${randomUUID()}`);
  const handle = await openFile(path, "wx+", 0o600);
  unlinkSync(path);
  return handle;
}

const noRoom = <T>({ path, size, folder }: Wanted, done: Promise<T>): Promise<T> =>
  done.catch((error: unknown) => {
    const reasons: Readonly<Record<string, string>> = {
      ENOSPC: "is full",
      EDQUOT: "is full",
      EROFS: "cannot be written",
      EACCES: "cannot be written",
      ENOENT: "does not exist",
    };
    const reason = reasons[codeOf(error) ?? ""];
    if (reason === undefined) throw error;
    throw new UserError(
      `${shownPath(path)}: changes while it is read, and its copy of ${formatBytes(size)} has no room: ${folder} ${reason}`,
      {
        code: "no-room",
        hint: "add it to .dockerignore, or name another folder for copies: TMPDIR=/path",
        cause: error,
      },
    );
  });
