import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../core/errors.ts";
import { patientPausesMs } from "./client.ts";
import type { Following } from "./events.ts";
import { isBreak, readLines } from "./line-reader.ts";

export interface StreamFollowing extends Omit<Following, "again"> {
  /** The cursor from which the next connection goes on. */
  readonly cursor: () => string;
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
      if (!isBreak(error)) throw withWayOut(error, again);
    }
    const pause = pauses[failures];
    if (pause === undefined) throw lost();
    failures += 1;
    if (failures === 2) following.onBroken?.();
    await sleep(pause, undefined, { signal });
  }
}

/** Replaces the hint of an expired token, which tells to push again. */
function withWayOut(error: unknown, again: string): unknown {
  if (!(error instanceof UserError) || error.code !== "unauthorized") return error;
  const { message, code } = error;
  return new UserError(message, { code, hint: `begin again: ${again}`, cause: error });
}
