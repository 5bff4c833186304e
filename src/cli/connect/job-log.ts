import { followEvents } from "../../adapters/wire/events.ts";
import type { Action } from "../../core/actions/actions.ts";
import type { Connection } from "./connect.ts";
import { sayBroken } from "./follow-job.ts";
import type { CommandIo } from "../command.ts";
import { renderEvent } from "../output/render.ts";
import { themeOf } from "../output/theme.ts";
import { command } from "../../core/hints.ts";

/** Shows the whole log of a job; here that is the answer, so it goes to stdout. */
export async function readJobLog(
  connection: Connection,
  action: Extract<Action, { readonly action: "job.log" }>,
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
