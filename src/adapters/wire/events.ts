import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../core/errors.ts";
import { readLoggedEvent } from "../../core/wire/event-reader.ts";
import { isLast } from "../../core/wire/event-roles.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import { isTransient } from "./call.ts";
import { patientPausesMs, type WireRequest } from "./client.ts";
import { isLineError, readLines } from "./line-reader.ts";
import { command, hint, type HintCommand } from "../../core/hints.ts";

export interface Following {
  readonly request: WireRequest;
  readonly place: string;
  readonly signal: AbortSignal;
  /** The server sends something at least every 10 s; a connection that is silent for this long is dead. */
  readonly silenceMs?: number;
  readonly pausesMs?: readonly number[];
  /** Called once for each break that the first retry does not repair. */
  readonly onBroken?: () => void;
  /** The command that follows the job again; `mypaas push` when left out. */
  readonly again?: string | HintCommand;
}

/** The log of a job from its start to its last event, each event once, over as many connections as it takes. The events after `live` may be missing, because the worker may be stopped by then. */
export async function* followEvents(following: Following): AsyncGenerator<LoggedEvent> {
  const { signal, silenceMs } = following;
  const pauses = following.pausesMs ?? patientPausesMs;
  let next = 0;
  let isLive = false;
  for (let failures = 0; ;) {
    try {
      const from = next;
      const open = (until: AbortSignal) => following.request.openEvents(from, until);
      const lines = readLines({ open, signal, silenceMs, lost: () => lost(following) });
      for await (const line of lines) {
        const read = readLoggedEvent(line);
        if (!read || read.offset < next) continue;
        next = read.offset + 1;
        failures = 0;
        if (!read.event) continue;
        yield read.event;
        if (isLast(read.event)) return;
        isLive ||= read.event.kind === "live";
      }
      if (isLive) return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof UserError && !isTransient(error)) throw error;
      if (!(error instanceof UserError) && !isLineError(error)) throw error;
    }
    const pause = pauses[failures];
    if (pause === undefined && isLive) return;
    if (pause === undefined) throw lost(following);
    failures += 1;
    if (failures === 2) following.onBroken?.();
    await sleep(pause, undefined, { signal });
  }
}

const lost = ({ place, again = command("push") }: Following): UserError =>
  new UserError(`${place}: connection lost, reconnecting failed`, {
    code: "connection",
    hint: hint`the deploy continues on the server; follow it again with: ${again}`,
  });
