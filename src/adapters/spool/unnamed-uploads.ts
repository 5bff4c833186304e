import { createHash, randomBytes, type Hash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { keepNewest } from "../../core/newest.ts";
import { UserError } from "../../core/errors.ts";
import { maxBlobBytes } from "../../core/wire/protocol.ts";
import { writeFileAtomic } from "../files.ts";
import type { SpoolAccount } from "./account.ts";
import { spoolName } from "./names.ts";
import { hashOf, writeAll } from "./part.ts";
import type { Turns } from "./turns.ts";

/** Uploads whose hash is said at their end: `<dir>/<request>/upload-<id>` until then. Beside them lie small files under names that are no hashes. */
export interface UnnamedUploads {
  /** Begins one and returns its id; throws UserError "busy" or "disk-full". */
  readonly begin: (request: string) => Promise<string>;
  /** Bytes that are stored; undefined for an id that is not known. */
  readonly sizeOf: (request: string, upload: string) => Promise<number | undefined>;
  /** Appends bytes at `at`, which must be the end; returns the stored bytes. They stay when the line breaks. Throws UserError "conflict", "busy", "too-large" or "disk-full". */
  readonly append: (appending: Appending) => Promise<number>;
  /** Makes it the blob of that hash. Throws UserError "bad-blob" for other bytes, and forgets them. */
  readonly finish: (request: string, upload: string, sha256: string) => Promise<void>;
  readonly discard: (request: string, upload: string) => Promise<void>;
  /** A whole blob; undefined when it is not there. */
  readonly blob: (request: string, sha256: string) => Promise<SpooledBlob | undefined>;
  /** A small file, such as what a tag stands for. */
  readonly putNote: (request: string, name: string, text: string) => Promise<void>;
  readonly note: (request: string, name: string) => Promise<string | undefined>;
  /** Names of the notes that begin so, without that beginning, sorted. */
  readonly notes: (request: string, beginning: string) => Promise<readonly string[]>;
}

export interface Appending {
  readonly request: string;
  readonly upload: string;
  /** Undefined: wherever it ends. */
  readonly at: number | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
}

export interface SpooledBlob {
  readonly size: number;
  readonly read: () => AsyncIterable<Uint8Array>;
}

interface Parts {
  readonly folderOf: (request: string) => string;
  readonly account: SpoolAccount;
  readonly turns: Turns;
}

/** Of one request; a client sends some at a time, and broken ones stay for an hour. */
const maxOpenUploads = 100;
const maxNotes = 2000;
/** Of all requests; what is left out is read again at its end. */
const maxHashes = 200;
/** So much is claimed at once, because nobody says how long an upload is. */
const claimBytes = 64 * 1024 * 1024;
/** What a small file counts. */
const noteBytes = 4096;

/** Opens the uploads of a spool. */
export function openUnnamedUploads({ folderOf, account, turns }: Parts): UnnamedUploads {
  /** How far each upload was hashed while it arrived, so that most are not read again; the last used at the end. */
  const hashes = new Map<string, { readonly hash: Hash; length: number }>();
  const fileOf = (request: string, upload: string) =>
    join(folderOf(request), `upload-${uploadName(upload)}`);
  const noteOf = (request: string, name: string) => join(folderOf(request), noteName(name));
  const claimed = async (request: string, bytes: number, work: () => Promise<number>) => {
    const claim = await account.claim(request, bytes);
    let used = 0;
    try {
      used = await work();
    } catch (error) {
      throw await account.explain(error, bytes);
    } finally {
      claim.finish(used);
    }
  };

  const append: UnnamedUploads["append"] = async ({ request, upload, at, bytes }) => {
    const file = fileOf(request, upload);
    const turn = await turns.take(file);
    try {
      const begin = await sizeOf(file);
      if (begin === undefined) throw unknownUpload();
      if (at !== undefined && at !== begin)
        throw new UserError(`upload: goes on at ${begin}, not at ${at}`, { code: "conflict" });
      const known = hashes.get(file);
      const hashed =
        begin === 0 || known?.length !== begin ? { hash: createHash("sha256"), length: 0 } : known;
      hashes.delete(file);
      hashes.set(file, hashed);
      keepNewest(hashes, maxHashes);
      const handle = await turn.run(() => open(file, constants.O_WRONLY | constants.O_NOFOLLOW));
      let end = begin;
      let claim: { readonly from: number; readonly finish: (used: number) => void } | undefined;
      try {
        for await (const chunk of bytes) {
          if (end + chunk.length > maxBlobBytes)
            throw new UserError(`upload: more than ${maxBlobBytes} bytes`, { code: "too-large" });
          if (claim !== undefined && end + chunk.length > claim.from + claimBytes) {
            claim.finish(end - claim.from);
            claim = undefined;
          }
          claim ??= { from: end, ...(await account.claim(request, claimBytes)) };
          const place = end;
          await turn.run(() => writeAll(handle, chunk, place));
          end += chunk.length;
          if (hashed.length === place) {
            hashed.hash.update(chunk);
            hashed.length = end;
          }
        }
      } catch (error) {
        throw await account.explain(error, claimBytes);
      } finally {
        claim?.finish(end - claim.from);
        await handle.close();
      }
      return end;
    } finally {
      turn.release();
    }
  };

  return {
    append,
    begin: async (request) => {
      const folder = folderOf(request);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const all = await namesIn(folder);
      if (all.filter((name) => name.startsWith("upload-")).length >= maxOpenUploads)
        throw new UserError(`uploads: ${maxOpenUploads} of this repository are open`, {
          code: "busy",
          hint: "try again in some minutes",
        });
      const upload = randomBytes(16).toString("hex");
      // A full disk is said now, because words in the middle of an upload get lost.
      await claimed(request, claimBytes, async () => {
        await (await open(fileOf(request, upload), "wx", 0o600)).close();
        return 0;
      });
      return upload;
    },
    sizeOf: (request, upload) => sizeOf(fileOf(request, upload)),
    finish: async (request, upload, sha256) => {
      const file = fileOf(request, upload);
      const turn = await turns.take(file);
      try {
        const size = await sizeOf(file);
        if (size === undefined) throw unknownUpload();
        const known = hashes.get(file);
        hashes.delete(file);
        const whole = known?.length === size && size > 0;
        const found = whole ? known.hash.digest("hex") : await hashOf(file);
        const target = join(folderOf(request), spoolName(sha256));
        if (found === sha256) {
          const before = await sizeOf(target);
          await turn.run(() => rename(file, target));
          // The account counts it once.
          if (before !== undefined) account.release(request, before);
          return;
        }
        await turn.run(() => rm(file, { force: true }));
        account.release(request, size);
        throw new UserError(`upload: its bytes have the digest sha256:${found}`, {
          code: "bad-blob",
          hint: "push again",
        });
      } finally {
        turn.release();
      }
    },
    discard: async (request, upload) => {
      const file = fileOf(request, upload);
      const size = await sizeOf(file);
      hashes.delete(file);
      await rm(file, { force: true });
      if (size !== undefined) account.release(request, size);
    },
    blob: async (request, sha256) => {
      const file = join(folderOf(request), spoolName(sha256));
      const size = await sizeOf(file);
      return size === undefined ? undefined : { size, read: () => readOf(file) };
    },
    putNote: async (request, name, text) => {
      const file = noteOf(request, name);
      await mkdir(folderOf(request), { recursive: true, mode: 0o700 });
      const isNew = (await sizeOf(file)) === undefined;
      if (isNew && (await namesIn(folderOf(request))).length >= maxNotes)
        throw new UserError(`repository: more than ${maxNotes} tags and blobs in an hour`, {
          code: "busy",
          hint: "try again in an hour",
        });
      await claimed(request, isNew ? noteBytes : 0, async () => {
        await writeFileAtomic(file, text, { mode: 0o600 });
        return isNew ? noteBytes : 0;
      });
    },
    note: async (request, name) => readFile(noteOf(request, name), "utf8").catch(() => undefined),
    notes: async (request, beginning) =>
      (await namesIn(folderOf(request)))
        .filter((name) => name.startsWith(beginning))
        .map((name) => name.slice(beginning.length))
        .toSorted(),
  };
}

const readOf = (file: string) =>
  createReadStream(file, { highWaterMark: 256 * 1024 }) as AsyncIterable<Uint8Array>;

/** No name may lead out of its folder. */
function uploadName(upload: string): string {
  if (/^[0-9a-f]{32}$/.test(upload)) return upload;
  throw unknownUpload();
}

function noteName(name: string): string {
  if (/^(?:tag|manifest)-[\w.-]{1,128}$/.test(name)) return name;
  throw new Error("a note of no known kind");
}

const unknownUpload = (): UserError =>
  new UserError("upload: not known here", { code: "not-found" });

const namesIn = (folder: string) => readdir(folder).catch((): readonly string[] => []);

const sizeOf = async (file: string): Promise<number | undefined> =>
  (await stat(file).catch(() => undefined))?.size;
