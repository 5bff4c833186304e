import { once } from "node:events";
import type { Duplex } from "node:stream";
import { UserError } from "../../core/errors.ts";
import {
  createFrameReader,
  encodeFrame,
  keepaliveMs,
  silenceMs as usualSilenceMs,
  type Frame,
} from "../../core/wire/frames.ts";

/** One end of a terminal connection; both ends are alike. */
export interface TerminalConnection {
  /** The frames of the other end without keepalives. Throws UserError "connection" for a broken or silent connection, "protocol" for bytes that are no frame. */
  readonly frames: () => AsyncIterable<Frame>;
  /** Resolves when there is room for more; a frame on a connection that is gone is lost. */
  readonly send: (frame: Frame) => Promise<void>;
  /** Aborted once the other end is gone. */
  readonly gone: AbortSignal;
  /** Sends what is left and ends the connection. The server waits for the client to close first, because a proxy may drop data when both close. */
  readonly end: () => Promise<void>;
}

export interface TerminalConnectionOptions {
  /** Bytes that came right behind the answer that opened the connection. */
  readonly head: Uint8Array;
  /** Name of the other end in messages. */
  readonly place: string;
  readonly isServer?: boolean;
  readonly silenceMs?: number;
}

/** Sends and reads frames on a connection that was upgraded. */
export function openTerminalConnection(
  socket: Duplex,
  options: TerminalConnectionOptions,
): TerminalConnection {
  const { head, place, silenceMs = usualSilenceMs } = options;
  const gone = new AbortController();
  let room: Promise<undefined> | undefined;
  const end = () => gone.abort();
  if (head.length > 0) socket.unshift(Buffer.from(head));
  // `frames` and `gone` report a broken connection.
  socket.on("error", end).on("close", end).on("end", end);
  const alive = setInterval(() => {
    // Behind unread megabytes a keepalive is useless.
    if (socket.writableLength === 0) socket.write(encodeFrame({ kind: "keepalive" }));
  }, keepaliveMs);
  gone.signal.addEventListener("abort", () => clearInterval(alive));
  return {
    gone: gone.signal,
    frames: async function* () {
      const read = createFrameReader();
      for await (const chunk of chunksOf(socket, silenceMs, place))
        for (const frame of read(chunk)) if (frame.kind !== "keepalive") yield frame;
    },
    send: async (frame) => {
      if (!socket.writable || socket.write(encodeFrame(frame))) return;
      room ??= once(socket, "drain", { signal: gone.signal })
        .catch(() => undefined)
        .then(() => (room = undefined));
      await room;
    },
    end: async () => {
      clearInterval(alive);
      socket.resume();
      if (options.isServer === true && !gone.signal.aborted)
        await once(gone.signal, "abort", { signal: AbortSignal.timeout(lingerMs) }).catch(
          () => undefined,
        );
      if (socket.destroyed) return;
      const said = Promise.withResolvers<void>();
      const timer = setTimeout(said.resolve, lingerMs);
      gone.signal.addEventListener("abort", () => said.resolve());
      socket.end(() => said.resolve());
      await said.promise;
      clearTimeout(timer);
      socket.destroy();
    },
  };
}

const lingerMs = 5_000;

/** Silence is measured only while a read waits, so that a slow reader does not look like a dead connection. */
async function* chunksOf(socket: Duplex, silenceMs: number, place: string): AsyncGenerator<Buffer> {
  const source = socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  try {
    for (;;) {
      const timer = setTimeout(() => socket.destroy(broken(place)), silenceMs);
      let next: IteratorResult<unknown>;
      try {
        next = await source.next();
      } catch (error) {
        throw error instanceof UserError ? error : broken(place, error);
      } finally {
        clearTimeout(timer);
      }
      if (next.done === true) return;
      yield next.value as Buffer;
    }
  } finally {
    await source.return?.();
  }
}

const broken = (place: string, cause?: unknown): UserError =>
  new UserError(`${place}: connection lost`, {
    code: "connection",
    hint: "run the same command again",
    cause,
  });
