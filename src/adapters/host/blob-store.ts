import { createHash, randomUUID } from "node:crypto";
import { createReadStream, unlinkSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../../core/errors.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import { codeOf, syncDirectory } from "../files.ts";
import { diskFull, freeBytesOf, isDiskFull, mib } from "../disk-space.ts";
import { command, hint } from "../../core/hints.ts";

/** Blobs as files `<dir>/ab/<sha256>`, for the worker alone. A reader gets exactly the bytes of that hash, or an error. */
export interface BlobStore {
  /** True when the whole blob is stored. */
  readonly has: (blob: WantedBlob) => Promise<boolean>;
  /** Stores a blob. Throws UserError for bytes with another hash, and stores nothing then. Safe to repeat. */
  readonly put: (blob: WantedBlob, bytes: AsyncIterable<Uint8Array>) => Promise<void>;
  /** Yields the bytes. Throws before the end when they do not match the hash. */
  readonly open: (blob: WantedBlob) => AsyncIterable<Uint8Array>;
  /** Throws UserError when `bytes` more would leave less than the reserve. */
  readonly refuseWhenFull: (bytes: number) => Promise<void>;
  /** Removes unreferenced and half-written files; returns their number. */
  readonly sweep: (isReferenced: (sha256: string) => boolean) => Promise<number>;
}

export interface BlobStoreOptions {
  readonly dir: string;
  /** Bytes that stay free for the database, builds and other programs. */
  readonly reserve?: number;
  /** Free bytes on the disk of a directory. */
  readonly freeBytes?: (dir: string) => Promise<number>;
}

const defaultReserve = 256 * 1024 * 1024;

/** Opens the store; it makes its directories when blobs arrive. */
export function openBlobStore(options: BlobStoreOptions): BlobStore {
  const { dir, reserve = defaultReserve, freeBytes = freeBytesOf } = options;
  const fileOf = (sha256: string) => join(dir, sha256.slice(0, 2), sha256);
  const has = async ({ sha256, size }: WantedBlob) => (await sizeOf(fileOf(sha256))) === size;
  const full = (free: number, bytes: number, cause?: unknown) =>
    diskFull(`${dir} has ${mib(free)} free`, { bytes, reserve }, cause);
  const refuseWhenFull = async (bytes: number) => {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const free = await freeBytes(dir);
    if (free - bytes < reserve) throw full(free, bytes);
  };
  return {
    has,
    refuseWhenFull,
    put: async (blob, bytes) => {
      const file = fileOf(blob.sha256);
      if (await has(blob)) {
        // The bytes are read all the same: naming the hash of another service's blob proves nothing.
        for await (const _chunk of checked(blob, bytes));
        const now = new Date();
        await utimes(file, now, now);
        return;
      }
      await refuseWhenFull(blob.size);
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      const temporary = `${file}.${randomUUID()}.part`;
      try {
        await writeChecked(temporary, blob, bytes);
        await rename(temporary, file);
        await syncDirectory(dirname(file));
      } catch (error) {
        await rm(temporary, { force: true });
        throw isDiskFull(error) ? full(await freeBytes(dir), blob.size, error) : error;
      }
    },
    open: (blob) => readChecked(fileOf(blob.sha256), blob),
    sweep: (isReferenced) => sweep(dir, isReferenced),
  };
}

async function writeChecked(
  file: string,
  blob: WantedBlob,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const handle = await open(file, "wx", 0o600);
  try {
    await handle.writeFile(checked(blob, bytes));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function* readChecked(file: string, blob: WantedBlob): AsyncIterable<Uint8Array> {
  try {
    yield* checked(blob, createReadStream(file) as AsyncIterable<Uint8Array>);
  } catch (error) {
    if (codeOf(error) === "ENOENT") throw mismatch(blob.sha256, "the file is missing", error);
    // A damaged file would make the next push skip this blob.
    const isDamaged = error instanceof UserError && (await sizeOf(file)) === blob.size;
    if (isDamaged) await rm(file, { force: true });
    throw error;
  }
}

/** Passes bytes on; throws when they do not match the blob. */
async function* checked(
  { sha256, size }: WantedBlob,
  bytes: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of bytes) {
    length += chunk.length;
    if (length > size) throw mismatch(sha256, `more than its ${size} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (length !== size) throw mismatch(sha256, `${length} bytes instead of ${size}`);
  const found = hash.digest("hex");
  if (found !== sha256) throw mismatch(sha256, `its content has the hash ${found}`);
}

const mismatch = (sha256: string, what: string, cause?: unknown): UserError =>
  new UserError(`blob ${sha256}: damaged: ${what}`, {
    code: "damaged-blob",
    hint: hint`push again: ${command("push")}`,
    cause,
  });

async function sweep(dir: string, isReferenced: (sha256: string) => boolean): Promise<number> {
  let removed = 0;
  for (const folder of await namesIn(dir)) {
    for (const name of await namesIn(join(dir, folder))) {
      const file = join(dir, folder, name);
      // A young file may belong to an upload that has no record yet.
      if (Date.now() - (await stat(file)).mtimeMs < 60 * 60_000) continue;
      // The check and the removal are one synchronous step, so that no push can claim the file in between.
      if (isReferenced(name)) continue;
      unlinkSync(file);
      removed += 1;
    }
  }
  return removed;
}

const namesIn = (dir: string): Promise<readonly string[]> => readdir(dir).catch(() => []);

async function sizeOf(file: string): Promise<number | undefined> {
  const facts = await stat(file).catch(() => undefined);
  return facts?.isFile() === true ? facts.size : undefined;
}
