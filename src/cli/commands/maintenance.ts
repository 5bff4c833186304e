import { command, hint, hintFields } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { formatAge } from "../../core/format.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { MaintenanceInfo } from "../../core/actions/maintenance.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { eventFor } from "../output/remote-hint.ts";

export interface MaintenanceArgs extends ServiceArgs {
  /** Nothing; `on` and the text of the page; `off`. */
  readonly words: readonly string[];
}

export const declaration: CommandFile = {
  examples: [
    "mypaas maintenance web on 'Back at 21:00' -r prod",
    "mypaas maintenance web off -r prod",
    "mypaas maintenance web -r prod",
  ],
  run: maintenance,
};

/** `mypaas maintenance SERVICE [on [TEXT] | off]`: its visitors get 503 and a page, while it keeps running. */
export async function maintenance(args: MaintenanceArgs, io: CommandIo): Promise<ExitCode> {
  const info = await ask(readAction(args), args, io);
  if (info.trouble !== undefined) {
    const text = `visitors get 503 without a page: ${info.trouble}`;
    const look = hintFields(hint`examine the server: ${command("doctor")}`);
    io.say(eventFor(args.remote, { kind: "warning", text, ...look }));
  }
  io.answer(describe(args, info, io.world.now()), info);
  return 0;
}

type MaintenanceAction = ActionOf<"maintenance.show" | "maintenance.set">;

function readAction({ service, words }: MaintenanceArgs): MaintenanceAction {
  const [verb, ...rest] = words;
  if (verb === undefined) return { action: "maintenance.show", service };
  if (verb === "on") {
    const text = rest.length === 0 ? {} : { text: rest.join(" ").trim() };
    return { action: "maintenance.set", service, on: true, ...text };
  }
  if (verb === "off" && rest.length === 0) return { action: "maintenance.set", service };
  throw new UserError(`maintenance ${service}: not understood: ${JSON.stringify(verb)}`, {
    code: "usage",
    hint: hint`say what to do: ${command(`maintenance ${service} on 'Back at 21:00'`)}`,
  });
}

function describe(
  { words }: MaintenanceArgs,
  { service, on, since = 0, text = "" }: MaintenanceInfo,
  now: number,
): string {
  const said = text === "" ? "" : `: ${text}`;
  if (words[0] === "on") return `${service} is in maintenance: every route answers 503${said}`;
  if (words[0] === "off") return `${service} answers again`;
  if (!on) return `${service} is not in maintenance`;
  return `${service} has been in maintenance for ${formatAge(now - since)}${said}`;
}
