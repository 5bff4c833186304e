import { followEvents } from "../../adapters/wire/events.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import { command } from "../../core/hints.ts";
import { renderEvent } from "../../core/wire/event-text.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import { isOutcome } from "../../core/wire/event-roles.ts";
import type { CommandIo } from "../command.ts";
import { themeOf } from "../output/theme.ts";
import type { Begun, Connection } from "./connect.ts";

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

/** Shows the whole log of a job; here that is the answer, so it goes to stdout. */
export async function readJobLog(
  connection: Connection,
  action: ActionOf<"job.log">,
  io: CommandIo,
): Promise<void> {
  const { interrupted: signal } = io.world;
  const theme = themeOf(io.world, "stdout");
  const { request, accepted, place } = await connection.begin(action);
  const onBroken = () => sayBroken(place, io);
  const again = command(`logs --job ${accepted.job ?? ""}`);
  for await (const event of followEvents({ request, place, signal, onBroken, again }))
    io.answer(renderEvent(event, theme), event);
}

/** True when what was asked for is live now. */
export const isLive = (last: LoggedEvent | undefined): boolean =>
  last?.kind === "live" || last?.kind === "unchanged";

export function sayBroken(place: string, { say }: CommandIo): void {
  say({ kind: "note", text: `connection to ${place} lost, trying again …` });
}
