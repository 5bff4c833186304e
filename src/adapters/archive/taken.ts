import { createHash } from "node:crypto";
import { open, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { badArchive, type ArchiveTree } from "../../core/push/archive.ts";
import { formatBytes } from "../../core/format.ts";
import { quotePath } from "../../core/push/manifest.ts";
import { maxBlobBytes } from "../../core/wire/protocol.ts";
import { codeOf } from "../files.ts";

/** What was taken out of an archive; the bytes of each file lie in the folder that was named, under their sha256. */
export interface Taken extends ArchiveTree {
  /** The commit that the archive says it is, as `git archive` writes it. */
  readonly commit?: string;
}

export interface TakeLimits {
  /** All bytes of the archive when inflated; 2 GiB when left out. */
  readonly bytes?: number | undefined;
  /** All members; 200 000 when left out. */
  readonly members?: number | undefined;
  /** True: one folder that holds everything is taken off. */
  readonly stripTop?: boolean | undefined;
  /** What messages call the archive. */
  readonly name?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the number of inflated bytes of each piece. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

export const defaultTakeBytes = 2 * 1024 ** 3;

/** Counts the inflated bytes of one archive, and ends it where they are too many. */
export function countBytes({ bytes = defaultTakeBytes, name = "archive", ...on }: TakeLimits) {
  let total = 0;
  return (more: number): void => {
    on.signal?.throwIfAborted();
    total += more;
    if (total > bytes)
      throw badArchive(name, `more than ${formatBytes(bytes)} when unpacked`, {
        hint: "leave out of it what the build does not need",
      });
    on.onRead?.(more);
  };
}

/** Files up to this size are held in memory until they are written. */
const smallBytes = 256 * 1024;

interface Blob {
  readonly sha256: string;
  readonly size: number;
}

/** Writes the bytes of files into a folder, under their sha256. Throws UserError where the disk has no room. */
export function blobFolder(into: string, archive = "archive") {
  const known = new Set<string>();
  let parts = 0;
  const small = async (pieces: readonly Uint8Array[]): Promise<Blob> => {
    const bytes = Buffer.concat(pieces);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (!known.has(sha256)) await writeFile(join(into, sha256), bytes, { mode: 0o600 });
    known.add(sha256);
    return { sha256, size: bytes.length };
  };
  const large = async (
    path: string,
    begin: readonly Uint8Array[],
    rest: Iterator,
  ): Promise<Blob> => {
    const part = join(into, `.part-${(parts += 1)}`);
    const file = await open(part, "wx", 0o600);
    const hash = createHash("sha256");
    let size = 0;
    const write = async (piece: Uint8Array) => {
      size += piece.length;
      if (size > maxBlobBytes)
        throw badArchive(archive, `${quotePath(path)}: more than ${formatBytes(maxBlobBytes)}`);
      hash.update(piece);
      await file.writeFile(piece);
    };
    try {
      for (const piece of begin) await write(piece);
      for (let next = await rest.next(); next.done !== true; next = await rest.next())
        await write(next.value);
    } finally {
      await file.close();
    }
    const sha256 = hash.digest("hex");
    if (known.has(sha256)) await rm(part);
    else await rename(part, join(into, sha256));
    known.add(sha256);
    return { sha256, size };
  };
  const put = async (path: string, body: AsyncIterable<Uint8Array>): Promise<Blob> => {
    const pieces: Uint8Array[] = [];
    const rest = body[Symbol.asyncIterator]();
    let held = 0;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      pieces.push(next.value);
      held += next.value.length;
      if (held > smallBytes) return large(path, pieces, rest);
    }
    return small(pieces);
  };
  return async (path: string, body: AsyncIterable<Uint8Array>): Promise<Blob> => {
    try {
      return await put(path, body);
    } catch (error) {
      if (!["ENOSPC", "EDQUOT"].includes(codeOf(error) ?? "")) throw error;
      throw badArchive(archive, `no room for it: ${into} is full`, {
        hint: "make room, or name another folder for it: TMPDIR=/path",
        cause: error,
      });
    }
  };
}

type Iterator = AsyncIterator<Uint8Array>;
