import { followEvents } from "../../adapters/wire/events.ts";
import type { WireRequest } from "../../adapters/wire/client.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import { isOutcome } from "../../core/wire/event-roles.ts";
import type { Accepted } from "../../core/wire/protocol.ts";
import type { Connection } from "./connect.ts";
import type { CommandIo } from "../io.ts";

export interface Followed {
  readonly accepted: Accepted;
  readonly request: WireRequest;
  readonly place: string;
}

/** Says the events of a job until it ends, also across broken connections; returns the outcome, undefined when the log ended without one. */
export async function followJob(
  { accepted, ...log }: Followed,
  io: CommandIo,
): Promise<LoggedEvent | undefined> {
  const { attached, job } = accepted;
  const isAttached = attached === true && job !== undefined;
  if (isAttached) io.say({ kind: "attached", job });
  const onBroken = () => sayBroken(log.place, io);
  let last: LoggedEvent | undefined;
  for await (const event of followEvents({ ...log, onBroken, signal: io.world.interrupted })) {
    // The event `attached` has just named the job.
    if (isAttached && event.kind === "queued" && event.behind === 0) continue;
    io.say(event);
    if (isOutcome(event)) last = event;
  }
  return last;
}

export function sayBroken(place: string, { say }: CommandIo): void {
  say({ kind: "note", text: `connection to ${place} lost, trying again …` });
}

/** Does the work after the first answer and closes the connection; 130 with a note when interrupted. */
export async function untilInterrupted<Code>(
  connection: Connection,
  io: CommandIo,
  { work, onInterrupt }: { readonly work: () => Promise<Code>; readonly onInterrupt: () => string },
): Promise<Code | 130> {
  try {
    return await work();
  } catch (error) {
    if (!io.world.interrupted.aborted) throw error;
    io.say({ kind: "note", text: onInterrupt() });
    return 130;
  } finally {
    await connection.close();
  }
}
