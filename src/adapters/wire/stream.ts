import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../core/errors.ts";
import { isTransient } from "./call.ts";
import { patientPausesMs, type WireRequest } from "./client.ts";
import { isLineError, readLines } from "./line-reader.ts";

export interface StreamFollowing {
  readonly request: WireRequest;
  readonly place: string;
  readonly signal: AbortSignal;
  /** The cursor from which the next connection goes on. */
  readonly cursor: () => string;
  readonly pausesMs?: readonly number[];
  readonly silenceMs?: number;
  /** Called once for each break that the first retry does not repair. */
  readonly onBroken: () => void;
  /** The command that starts the stream again. */
  readonly again: string;
}

/** About ten minutes: a laptop may sleep and a server may restart. */
const longPausesMs = [...patientPausesMs, ...Array.from({ length: 70 }, () => 8000)];

/** The lines of a stream until the reader stops, over as many connections as it takes; a connection that ends counts as broken. */
export async function* followStream(following: StreamFollowing): AsyncGenerator<string> {
  const { request, signal, cursor, place, again, silenceMs } = following;
  const pauses = following.pausesMs ?? longPausesMs;
  const lost = () =>
    new UserError(`${place}: connection lost, reconnecting failed`, {
      code: "connection",
      hint: `begin again: ${again}`,
    });
  for (let failures = 0; ;) {
    try {
      const open = (until: AbortSignal) => request.openStream(cursor(), until);
      for await (const line of readLines({ open, signal, silenceMs, lost })) {
        failures = 0;
        yield line;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UserError && !isTransient(error)) throw withWayOut(error, again);
      if (!(error instanceof UserError) && !isLineError(error)) throw error;
    }
    const pause = pauses[failures];
    if (pause === undefined) throw lost();
    failures += 1;
    if (failures === 2) following.onBroken();
    await sleep(pause, undefined, { signal });
  }
}

/** Replaces the hint of an expired token, which tells to push again. */
const withWayOut = (error: UserError, again: string): UserError =>
  error.code === "unauthorized"
    ? new UserError(error.message, {
        code: error.code,
        hint: `begin again: ${again}`,
        cause: error,
      })
    : error;
