import { UserError } from "../../core/errors.ts";
import { isTransient } from "./call.ts";

/** The lines of one connection, empty ones left out; ends when the connection does, throws when it breaks, is silent for too long or sends a line without end. */
export async function* readLines(reading: LineReading): AsyncGenerator<string> {
  const silence = new AbortController();
  const wake = () => silence.abort(new DOMException("silent", "AbortError"));
  const timer = setTimeout(wake, reading.silenceMs ?? defaultSilenceMs);
  try {
    const signal = AbortSignal.any([reading.signal, silence.signal]);
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of await reading.open(signal)) {
      timer.refresh();
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > maxLine) throw reading.lost();
      yield* lines.filter((line) => line !== "");
    }
  } finally {
    clearTimeout(timer);
  }
}

export interface LineReading {
  readonly open: (signal: AbortSignal) => Promise<AsyncIterable<Uint8Array>>;
  readonly signal: AbortSignal;
  /** The server sends something at least every 10 s; a connection that is silent for this long is dead. */
  readonly silenceMs?: number | undefined;
  readonly lost: () => Error;
}

const defaultSilenceMs = 30_000;

/** The limit of a line. */
const maxLine = 1024 * 1024;

/** True for an error of a connection that broke, after which another one may go on. */
export const isBreak = (error: unknown): boolean =>
  error instanceof UserError
    ? isTransient(error)
    : error instanceof Error && ("code" in error || error.name === "AbortError");
