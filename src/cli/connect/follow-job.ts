import { followEvents } from "../../adapters/wire/events.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import { isOutcome } from "../../core/wire/event-roles.ts";
import type { CommandIo } from "../command.ts";
import type { Begun } from "./connect.ts";

/** Says the events of a job until it ends, also across broken connections; returns the outcome, undefined when the log ended without one. */
export async function followJob(
  { accepted, ...log }: Begun,
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

/** True when what was asked for is live now. */
export const isLive = (last: LoggedEvent | undefined): boolean =>
  last?.kind === "live" || last?.kind === "unchanged";

export function sayBroken(place: string, { say }: CommandIo): void {
  say({ kind: "note", text: `connection to ${place} lost, trying again …` });
}
