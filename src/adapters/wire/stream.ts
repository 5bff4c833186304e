import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../core/errors.ts";
import { isTransient } from "./call.ts";
import { patientPausesMs, type WireRequest } from "./client.ts";
import { isLineError, readLines } from "./line-reader.ts";

export interface StreamFollowing {
  readonly request: WireRequest;
  readonly place: string;
  readonly signal: AbortSignal;
  /** Where the next connection begins. */
  readonly cursor: () => string;
  readonly pausesMs?: readonly number[];
  readonly silenceMs?: number;
  /** Hears once of each break that the first new try has not mended. */
  readonly onBroken: () => void;
  /** The command that begins anew. */
  readonly again: string;
}

/** A laptop that was asleep, a server that starts again: about ten minutes. */
const longPausesMs = [...patientPausesMs, ...Array.from({ length: 70 }, () => 8000)];

/** The lines that an action streams, over as many connections as it takes, until the reader stops; a connection that just ends counts as broken. */
export async function* followStream(following: StreamFollowing): AsyncGenerator<string> {
  const { request, signal, cursor, place, again, silenceMs } = following;
  const pauses = following.pausesMs ?? longPausesMs;
  const lost = () =>
    new UserError(`${place}: the connection is lost and does not come back`, {
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

/** A token that has ended is one of this command, not of a push. */
const withWayOut = (error: UserError, again: string): UserError =>
  error.code === "unauthorized"
    ? new UserError(error.message, {
        code: error.code,
        hint: `begin again: ${again}`,
        cause: error,
      })
    : error;
