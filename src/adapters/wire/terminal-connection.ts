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

/** One end of an attached line; both ends are alike. */
export interface TerminalConnection {
  /** What the other end says, to its end; what it means as a sign of life only is left out. Throws UserError "connection" where the line broke or fell silent, "protocol" for what is no frame. */
  readonly frames: () => AsyncIterable<Frame>;
  /** Resolves when there is room for more; what is said on a line that is gone is lost. */
  readonly send: (frame: Frame) => Promise<void>;
  /** Aborted once nobody hears any more. */
  readonly gone: AbortSignal;
  /** Lets what was said arrive, and ends the line; the server leaves it to the client to hang up first, because a proxy between them may drop what is under way when both do. */
  readonly end: () => Promise<void>;
}

export interface LineOptions {
  /** Bytes that came with the answer that opened the line. */
  readonly head: Uint8Array;
  /** Name of the other end in messages. */
  readonly place: string;
  readonly isServer?: boolean;
  readonly silenceMs?: number;
}

/** Makes a line of frames out of a connection that was upgraded. */
export function openTerminalConnection(socket: Duplex, options: LineOptions): TerminalConnection {
  const { head, place, silenceMs = usualSilenceMs } = options;
  const gone = new AbortController();
  let room: Promise<undefined> | undefined;
  const end = () => gone.abort();
  if (head.length > 0) socket.unshift(Buffer.from(head));
  // A broken line is told by `frames` and by `gone`.
  socket.on("error", end).on("close", end).on("end", end);
  const alive = setInterval(() => {
    // Behind megabytes that nobody takes it would say nothing.
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

/** Silence counts only while somebody listens: who holds back what comes must not take it for a dead line. */
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
  new UserError(`${place}: the connection broke`, {
    code: "connection",
    hint: "run the same command again",
    cause,
  });
