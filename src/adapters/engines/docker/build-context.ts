import { once } from "node:events";
import { Readable } from "node:stream";
import { pack } from "tar-stream";
import type { ContextEntry } from "../../../deploy/ports.ts";

/** A build context on its way to the engine. */
export interface ContextStream {
  readonly stream: Readable;
  /** What broke the stream from our side; undefined while all is well. */
  readonly failure: () => unknown;
  /** Gives up; safe to call at any time, also after the end. */
  readonly stop: () => void;
}

/** The kind of a file in its mode (stat(2)). tar-stream leaves it out of the header, and takes a mode of 0 for one that is not given. */
const fileBit = 0o100000;
const folderBit = 0o040000;

/**
 * Packs the entries into a tar, one piece in memory at a time. An entry that throws destroys the stream, so that the engine sees a broken
 * upload and never a shorter context. `now` becomes every file's time: servers make ETags of size and time, which must differ between releases.
 */
export function packContext(entries: readonly ContextEntry[], now: number): ContextStream {
  const tar = pack();
  const given = new AbortController();
  let failure: unknown;
  // A destroyed stream reports to its reader; without a reader yet the error must not end the process.
  tar.on("error", () => given.abort());
  tar.on("close", () => given.abort());
  const fill = async (): Promise<void> => {
    for (const entry of entries) await addEntry(entry);
    tar.finalize();
  };
  const addEntry = async (entry: ContextEntry): Promise<void> => {
    const mtime = new Date(now);
    if ("link" in entry) {
      const { path: name, link: linkname } = entry;
      tar.entry({ name, type: "symlink", linkname, mtime });
      return;
    }
    if ("folderMode" in entry) {
      tar.entry({ name: entry.path, type: "directory", mode: folderBit | entry.folderMode, mtime });
      return;
    }
    const { path: name, size } = entry;
    const sink = tar.entry({ name, type: "file", mode: fileBit | entry.mode, size, mtime });
    sink.on("error", () => given.abort());
    let sent = 0;
    for await (const chunk of entry.open()) {
      sent += chunk.length;
      if (sent > size) break;
      if (!sink.write(chunk)) await once(sink, "drain", { signal: given.signal });
      given.signal.throwIfAborted();
    }
    if (sent !== size) throw new Error(`${name}: ${sent} bytes or more instead of ${size}`);
    sink.end(undefined);
  };
  fill().catch((error: unknown) => {
    if (given.signal.aborted) return;
    failure = error;
    tar.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  const stream = Readable.from(tar, { objectMode: false });
  stream.on("error", () => given.abort());
  return {
    stream,
    failure: () => failure,
    stop: () => {
      given.abort();
      stream.destroy();
      tar.destroy();
    },
  };
}

/** A tar that the caller packs, as a build context. */
export function tarContext(tar: AsyncIterable<Uint8Array>): ContextStream {
  const stream = Readable.from(tar, { objectMode: false });
  let failure: unknown;
  stream.on("error", (error) => {
    failure = error;
  });
  return { stream, failure: () => failure, stop: () => stream.destroy() };
}
