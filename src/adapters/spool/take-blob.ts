import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { UserError } from "../../core/errors.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import { codeOf } from "../files.ts";
import type { BlobStore } from "../host/blob-store.ts";
import { spoolName } from "./names.ts";
import { command, hint } from "../../core/hints.ts";

export interface Taking {
  readonly spoolDir: string;
  /** Id of the request that the blob was uploaded for. */
  readonly request: string;
  readonly wanted: WantedBlob;
  /** The stream throws before its end when the bytes are wrong; then `put` must store nothing. */
  readonly into: Pick<BlobStore, "put">;
}

/** Copies one uploaded blob out of a spool that may be hostile. It follows no link, reads only a regular file of the right size, and checks the hash. Throws UserError "not-found" (upload again) or "bad-blob". It deletes nothing, because the receiver could swap the file; the receiver deletes it. */
export async function takeBlob({ spoolDir, request, wanted, into }: Taking): Promise<void> {
  const name = spoolName(wanted.sha256);
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const own = `${spoolDir}/${spoolName(request)}`;
  const folder = await openOwn(own, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, wanted);
  try {
    // Through the open directory, because its path could be swapped for a link after the check.
    const path = `/proc/self/fd/${folder.fd}/${name}`;
    const file = await openOwn(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, wanted);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw badBlob(wanted, "is not a regular file");
      if (stat.size !== wanted.size) throw badBlob(wanted, `has ${stat.size} bytes`);
      await into.put(wanted, verified(file, wanted));
    } finally {
      await file.close();
    }
  } finally {
    await folder.close();
  }
}

async function openOwn(path: string, flags: number, wanted: WantedBlob): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (cause) {
    const code = codeOf(cause) ?? "";
    if (code === "ENOENT")
      throw new UserError(`blob ${wanted.sha256}: has not been uploaded`, {
        code: "not-found",
        hint: hint`push again: ${command("push")}`,
        cause,
      });
    if (["ELOOP", "ENOTDIR", "ENXIO", "EACCES"].includes(code))
      throw badBlob(wanted, "is not a regular file", cause);
    throw cause;
  }
}

async function* verified(
  file: FileHandle,
  wanted: WantedBlob,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash("sha256");
  for (let at = 0; at < wanted.size;) {
    const chunk = Buffer.allocUnsafe(Math.min(256 * 1024, wanted.size - at));
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) throw badBlob(wanted, `ends after ${at} bytes`);
    at += bytesRead;
    const bytes = chunk.subarray(0, bytesRead);
    hash.update(bytes);
    if (at === wanted.size && hash.copy().digest("hex") !== wanted.sha256)
      throw badBlob(wanted, "has another hash");
    yield bytes;
  }
  if (wanted.size === 0 && hash.digest("hex") !== wanted.sha256)
    throw badBlob(wanted, "has another hash");
}

const badBlob = (wanted: WantedBlob, what: string, cause?: unknown): UserError =>
  new UserError(`blob ${wanted.sha256}: should be ${wanted.size} bytes, ${what}`, {
    code: "bad-blob",
    hint: hint`push again: ${command("push")}`,
    cause,
  });
