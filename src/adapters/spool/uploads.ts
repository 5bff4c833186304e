import { pipeline } from "node:stream/promises";
import { extract, type Header } from "tar-stream";
import { UserError } from "../../core/errors.ts";
import type { WantedBlob } from "../../core/wire/protocol.ts";
import type { Spool } from "./spool.ts";

export interface BatchUpload {
  readonly spool: Spool;
  readonly request: string;
  readonly wanted: readonly WantedBlob[];
  /** A tar of whole blobs; the name of each entry is its sha256. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Stores the blobs of a batch as they arrive, and returns their hashes. Whole blobs stay when the batch breaks or is refused. */
export async function receiveBatch(upload: BatchUpload): Promise<readonly string[]> {
  const wanted = new Map(upload.wanted.map((blob) => [blob.sha256, blob]));
  const here = await upload.spool.received(upload.request);
  const received: string[] = [];
  const tar = extract();
  // The tar reports only its end; the cause is an error of the body.
  let broken: unknown;
  const feeding = pipeline(async function* () {
    try {
      yield* upload.body;
    } catch (error) {
      broken = error;
      throw error;
    }
  }, tar);
  feeding.catch(() => undefined);
  try {
    for await (const entry of tar) {
      const blob = allowed(entry.header, wanted);
      if (here.has(blob.sha256)) entry.resume();
      else await upload.spool.write({ ...upload, blob, range: undefined, bytes: bytesOf(entry) });
      received.push(blob.sha256);
    }
    await feeding;
  } catch (error) {
    tar.destroy();
    throw refusal(broken ?? error);
  }
  return received;
}

function allowed(header: Header, wanted: ReadonlyMap<string, WantedBlob>): WantedBlob {
  const name = JSON.stringify(header.name.slice(0, 80));
  if (header.type !== "file")
    throw bad(`entry ${name}: is a ${header.type ?? "thing of unknown type"}`);
  const blob = wanted.get(header.name);
  if (!blob) throw bad(`entry ${name}: not wanted by this request`);
  if (header.size !== blob.size)
    throw bad(`entry ${name}: has ${header.size ?? 0} bytes, should have ${blob.size}`);
  return blob;
}

async function* bytesOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk;
}

function refusal(error: unknown): unknown {
  const isOurs = error instanceof UserError || (error instanceof Error && "syscall" in error);
  return isOurs ? error : bad("not a complete tar archive", error);
}

const bad = (what: string, cause?: unknown): UserError =>
  new UserError(`batch: ${what}`, { code: "bad-request", cause });
