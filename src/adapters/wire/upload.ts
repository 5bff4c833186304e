import { setTimeout as sleep } from "node:timers/promises";
import { pack } from "tar-stream";
import { sameVersions } from "../../core/wire/versions.ts";
import { UserError } from "../../core/errors.ts";
import type { UploadEvent } from "../../core/wire/events.ts";
import { planUpload, type UploadPart } from "../../core/push/upload-plan.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import { changedFile, readRange, readWhole, type SourceFile } from "../laptop/source-file.ts";
import { isTransient } from "./call.ts";
import { patientPausesMs, type WireRequest } from "./client.ts";

export interface Upload {
  readonly request: WireRequest;
  readonly missing: readonly WantedBlob[];
  /** Where the bytes of each sha256 are. */
  readonly files: ReadonlyMap<string, SourceFile>;
  /** At most ten times a second, and once at the end. */
  readonly onProgress: (event: UploadEvent) => void;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly pausesMs?: readonly number[];
  /** Called once for each break that the first retry does not repair. */
  readonly onBroken?: () => void;
}

/** Sends the missing blobs; after a broken connection it asks again which are missing, until their number no longer shrinks. */
export async function upload(uploading: Upload): Promise<void> {
  const pauses = uploading.pausesMs ?? patientPausesMs;
  const progress = createProgress(uploading);
  let missing = uploading.missing;
  // Bytes of earlier tries count as progress once, so that the retries end on a server that always breaks off.
  let best = 0;
  for (let stuck = 0; missing.length > 0;) {
    try {
      for (const part of planUpload(missing)) await sendPart(uploading, part, progress);
      break;
    } catch (error) {
      uploading.signal.throwIfAborted();
      if (progress.sent() > best) stuck = 0;
      best = Math.max(best, progress.sent());
      const pause = pauses[stuck];
      if (pause === undefined || !mayGoOn(error)) throw explain(uploading, error);
      stuck += 1;
      if (stuck === 2) uploading.onBroken?.();
      await sleep(pause, undefined, { signal: uploading.signal });
      missing = (await uploading.request.status()).missing;
      progress.restart(missing);
    }
  }
  progress.end();
}

/** "conflict": another part of the same range arrived first, so the upload goes on from another byte. */
const mayGoOn = (error: unknown): boolean =>
  isTransient(error) || (error instanceof UserError && error.code === "conflict");

/** The server found other bytes than the manifest promised: they changed between hashing and sending. */
function explain(uploading: Upload, error: unknown): unknown {
  if (!(error instanceof UserError) || error.code !== "bad-blob") return error;
  const [sha256] = /[0-9a-f]{64}/.exec(error.message) ?? [];
  const source = uploading.files.get(sha256 ?? "");
  return source ? changedFile(source) : error;
}

type Progress = ReturnType<typeof createProgress>;

async function sendPart(uploading: Upload, part: UploadPart, progress: Progress): Promise<void> {
  const { request } = uploading;
  if (part.kind === "ranges") return sendRanges(uploading, part.blob, progress);
  const sources = part.blobs.map((blob) => find(uploading, blob));
  await request.putBatch(part.tarBytes, tarOf(sources, progress));
  progress.confirm(part.blobs.length);
}

/** Small enough for progress on a connection that breaks every few minutes. */
const rangeBytes = 32 * 1024 * 1024;

async function sendRanges(uploading: Upload, blob: WantedBlob, progress: Progress): Promise<void> {
  const source = find(uploading, blob);
  const { request } = uploading;
  let have = await request.have(blob.sha256);
  progress.skip(have);
  while (have < blob.size) {
    const range = { blob, from: have, to: Math.min(have + rangeBytes, blob.size) };
    const now = await request.putRange(range, progress.count(readRange(source, have, range.to)));
    if (now <= have) throw changedFile(source);
    have = now;
    progress.confirm(0);
  }
  progress.confirm(1);
}

function find(uploading: Upload, blob: WantedBlob): SourceFile {
  const source = uploading.files.get(blob.sha256);
  if (source && source.size === blob.size) return source;
  throw new UserError(`server: requested a file that is not in this push, ${blob.sha256}`, {
    code: "protocol",
    hint: sameVersions,
  });
}

/** tar-fs would name entries by path and stat them again; the wire names them by hash, and only checked bytes may leave. */
async function* tarOf(sources: readonly SourceFile[], progress: Progress) {
  const tar = pack();
  const feed = async () => {
    for (const source of sources) {
      const bytes = await readWhole(source);
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const header = { name: source.sha256, size: bytes.length, mtime: new Date(0) };
      tar.entry(header, bytes, (error) => (error ? reject(error) : resolve()));
      await promise;
      progress.add(bytes.length);
    }
    tar.finalize();
  };
  let failure: Error | undefined;
  const feeding = feed().catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
    tar.destroy();
  });
  try {
    for await (const chunk of tar as AsyncIterable<Uint8Array>) yield chunk;
  } catch (error) {
    throw failure ?? error;
  } finally {
    tar.destroy();
    await feeding;
  }
  // A destroyed tar may look like one that ended.
  if (failure !== undefined) throw failure;
}

const minPauseMs = 100;

/** Counts the bytes that were sent; those of a failed request are subtracted again. */
function createProgress({ missing, onProgress, now }: Upload) {
  const sum = (blobs: readonly WantedBlob[]) => blobs.reduce((all, blob) => all + blob.size, 0);
  const totalBytes = sum(missing);
  const began = now();
  let spoken = -Infinity;
  let [files, confirmed, inFlight, skipped] = [0, 0, 0, 0];
  const speak = () => {
    spoken = now();
    const seconds = Math.max(spoken - began, 1) / 1000;
    const bytes = Math.min(confirmed + inFlight, totalBytes);
    const rate = Math.round(Math.max(bytes - skipped, 0) / seconds);
    onProgress({ kind: "upload", files, totalFiles: missing.length, bytes, totalBytes, rate });
  };
  const add = (bytes: number) => {
    inFlight += bytes;
    if (now() - spoken >= minPauseMs) speak();
  };
  return {
    add,
    count: async function* (body: AsyncIterable<Uint8Array>) {
      for await (const chunk of body) {
        yield chunk;
        add(chunk.length);
      }
    },
    /** Confirms the bytes that were sent. */
    confirm: (whole: number) => {
      confirmed += inFlight;
      inFlight = 0;
      files += whole;
    },
    /** Adds bytes of a file that had arrived before. */
    skip: (bytes: number) => {
      confirmed += bytes;
      skipped += bytes;
    },
    sent: () => confirmed,
    restart: (left: readonly WantedBlob[]) => {
      inFlight = 0;
      files = missing.length - left.length;
      confirmed = Math.max(totalBytes - sum(left), 0);
    },
    end: speak,
  };
}
