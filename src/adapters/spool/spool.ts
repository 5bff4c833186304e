import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../core/errors.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import { openSpoolAccount, type SpoolAccountOptions } from "./account.ts";
import { spoolName } from "./names.ts";
import { createTurns } from "./turns.ts";
import { writePart } from "./part.ts";
import { openUnnamedUploads, type UnnamedUploads } from "./unnamed-uploads.ts";

/** Uploaded blobs: `<dir>/<request>/<sha256>`, with `.part` at the end until the blob is whole. */
export interface Spool {
  /** Hashes of the whole blobs of a request. */
  readonly received: (request: string) => Promise<ReadonlySet<string>>;
  /** Bytes of a blob that are stored. */
  readonly have: (request: string, blob: WantedBlob) => Promise<number>;
  /** Writes a blob or a range of it. Returns the stored bytes; throws UserError "conflict", "busy", "too-large", "bad-blob" or "disk-full". */
  readonly write: (writing: Writing) => Promise<number>;
  /** Removes a request and its uploads. */
  readonly drop: (request: string) => Promise<void>;
  /** Removes requests without a new byte for an hour; returns their number. */
  readonly sweep: (now: number) => Promise<number>;
}

/** A spool, and in it the uploads whose hash is not known when they begin. */
export type SpoolWithUnnamed = Spool & { readonly unnamed: UnnamedUploads };

export interface Writing {
  readonly request: string;
  readonly blob: WantedBlob;
  /** Undefined: the whole blob. A broken upload keeps its bytes only for a range. */
  readonly range: Range | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface Range {
  readonly at: number;
  readonly length: number;
}

const staleMs = 60 * 60_000;

/** Opens a spool for writing, and counts what is already in it. */
export async function openSpool(options: SpoolAccountOptions): Promise<SpoolWithUnnamed> {
  const { dir } = options;
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const account = openSpoolAccount(options);
  const turns = createTurns();
  const folderOf = (request: string) => join(dir, spoolName(request));
  const fileOf = (request: string, { sha256 }: WantedBlob) =>
    join(folderOf(request), spoolName(sha256));

  const have: Spool["have"] = async (request, blob) => {
    const file = fileOf(request, blob);
    return (await statOf(file))?.size ?? (await statOf(`${file}.part`))?.size ?? 0;
  };

  const write: Spool["write"] = async ({ request, blob, range, bytes }) => {
    const file = fileOf(request, blob);
    const claim = await account.claim(request, range?.length ?? blob.size);
    const turn = await turns.take(file);
    const before = await have(request, blob);
    try {
      if (range && range.at !== before) throw notNext(blob, range, before);
      await mkdir(folderOf(request), { recursive: true, mode: 0o700 });
      return await writePart({ file, blob, at: range?.at ?? 0, isRange: !!range, bytes, turn });
    } catch (error) {
      throw await account.explain(error, blob.size);
    } finally {
      turn.release();
      claim.finish((await have(request, blob)) - before);
    }
  };

  const sweep: Spool["sweep"] = async (now) => {
    let removed = 0;
    for (const request of await namesIn(dir)) {
      const folder = join(dir, request);
      if (turns.isTaken(`${folder}/`)) continue;
      const found = await measure(folder);
      if (now - found.lastByte > staleMs) {
        await rm(folder, { recursive: true, force: true });
        account.forget(request);
        removed += 1;
      } else account.set(request, found.bytes);
    }
    return removed;
  };

  await sweep(-Infinity);
  return {
    have,
    write,
    sweep,
    unnamed: openUnnamedUploads({ folderOf, account, turns }),
    received: async (request) => new Set(await namesIn(folderOf(request))),
    drop: async (request) => {
      await rm(folderOf(request), { recursive: true, force: true });
      account.forget(request);
    },
  };
}

function notNext(blob: WantedBlob, range: Range, have: number): UserError {
  const problem = `range begins at ${range.at}, ${have} bytes are stored`;
  return new UserError(`blob ${blob.sha256}: ${problem}`, { code: "conflict" });
}

async function measure(folder: string): Promise<{ bytes: number; lastByte: number }> {
  let bytes = 0;
  let lastByte = (await statOf(folder))?.mtimeMs ?? 0;
  for (const name of await namesIn(folder)) {
    const facts = await statOf(join(folder, name));
    bytes += facts?.size ?? 0;
    lastByte = Math.max(lastByte, facts?.mtimeMs ?? 0);
  }
  return { bytes, lastByte };
}

const namesIn = (folder: string) => readdir(folder).catch(() => []);
const statOf = (file: string) => stat(file).catch(() => undefined);
