import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { UserError } from "../../core/errors.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import { isDiskFull } from "../disk-space.ts";
import type { Turn } from "./turns.ts";
import { command, hint } from "../../core/hints.ts";

export interface PartWriting {
  /** Path of the finished blob. */
  readonly file: string;
  readonly blob: WantedBlob;
  readonly at: number;
  readonly isRange: boolean;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly turn: Turn;
}

/** Appends bytes to `<file>.part`. Renames it when the blob is whole and its hash is right. Returns the bytes that are stored. Nothing is synced: after a power cut the hash is wrong, and the blob is sent again. */
export async function writePart(writing: PartWriting): Promise<number> {
  const { file, blob, at, isRange, turn } = writing;
  const part = `${file}.part`;
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_TRUNC } = constants;
  let keep = isRange;
  try {
    const flags = O_WRONLY | O_CREAT | O_NOFOLLOW | (at === 0 ? O_TRUNC : 0);
    const handle = await turn.run(() => open(part, flags, 0o600));
    const written = await copy(handle, writing);
    if (at + written.length < blob.size) {
      if (isRange) return at + written.length;
      throw badBlob(blob, `ends after ${written.length} bytes`);
    }
    keep = false;
    const found = at === 0 ? written.sha256 : await hashOf(part);
    if (found !== blob.sha256) throw badBlob(blob, `its content has the hash ${found}`);
    await turn.run(() => rename(part, file));
    return blob.size;
  } catch (error) {
    // Within the turn, so that it cannot remove the bytes of a newer connection.
    if ((!keep || isDiskFull(error)) && !turn.isLost())
      await turn.run(() => rm(part, { force: true }));
    throw error;
  }
}

async function copy(handle: FileHandle, { blob, at, bytes, turn }: PartWriting) {
  const hash = createHash("sha256");
  let length = 0;
  try {
    for await (const chunk of bytes) {
      if (at + length + chunk.length > blob.size)
        throw badBlob(blob, `more than ${blob.size} bytes`);
      await turn.run(() => writeAll(handle, chunk, at + length));
      hash.update(chunk);
      length += chunk.length;
    }
  } finally {
    await handle.close();
  }
  return { length, sha256: hash.digest("hex") };
}

/** Writes a piece at a place of a file. */
export async function writeAll(handle: FileHandle, chunk: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await handle.write(chunk, done, chunk.length - done, at + done);
    done += bytesWritten;
  }
}

/** The sha256 of a file. */
export async function hashOf(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(file, { highWaterMark: 256 * 1024 }))
    hash.update(chunk as Buffer);
  return hash.digest("hex");
}

const badBlob = (blob: WantedBlob, what: string): UserError =>
  new UserError(`blob ${blob.sha256}: damaged: ${what}`, {
    code: "bad-blob",
    hint: hint`push again: ${command("push")}`,
  });
