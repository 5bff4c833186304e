import { once } from "node:events";
import type { Duplex } from "node:stream";
import type { PassedSignal } from "../../../core/wire/frames.ts";
import type { TerminalAsked } from "../../../core/actions/programs.ts";
import { outputOf, type Output } from "./demux.ts";

export type Size = Pick<TerminalAsked, "cols" | "rows">;

/** A program in a container with its streams in our hands. */
export interface Program {
  /** Everything that it says, to its end; read as slowly as one likes, the program waits. */
  readonly output: () => AsyncIterable<Output>;
  /** Resolves when there is room for more. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  readonly endInput: () => void;
  readonly resize: (size: Size) => Promise<void>;
  readonly signal: (signal: PassedSignal) => Promise<void>;
  /** Its exit code, once its output has ended; nothing is left of it then. */
  readonly end: () => Promise<number>;
  /** Asks the program to end, as a terminal does that is closed, and kills it when it does not. */
  readonly abandon: () => Promise<void>;
}

/** An unlikely detach sequence for Docker, so that the program gets the keys that a person types. */
export const detachKeys = "ctrl-@,ctrl-@,ctrl-^,ctrl-@,ctrl-^";

/** The streams of a program out of the connection that the engine hands over. */
export function programStreams(socket: Duplex, isTerminal: boolean) {
  const gone = new AbortController();
  socket.on("error", () => socket.destroy()).on("close", () => gone.abort());
  return {
    output: () => outputOf(socket, isTerminal),
    write: async (bytes: Uint8Array) => {
      if (!socket.writable || socket.write(bytes)) return;
      await once(socket, "drain", { signal: gone.signal }).catch(() => undefined);
    },
    endInput: () => void socket.end(),
  };
}
