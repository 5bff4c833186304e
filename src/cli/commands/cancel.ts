import { UserError } from "../../core/errors.ts";
import { command, hint, hintFields } from "../../core/hints.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import { isDone } from "../../core/wire/event-roles.ts";
import type { LoggedEvent, WarningEvent } from "../../core/wire/events.ts";
import type { AnyServiceArgs, CommandFile, CommandIo, ExitCode } from "../command.ts";
import { untilInterrupted } from "../connect/job-command.ts";
import { numberOption } from "../input/arguments.ts";

interface CancelArgs extends AnyServiceArgs {
  readonly job?: string | undefined;
}

export const declaration: CommandFile = {
  options: [["--job <number>", "cancel only this job, of a service or of the server"]],
  examples: ["mypaas cancel web -r prod", "mypaas cancel --job 12 -r prod"],
  run: cancel,
};

/** `mypaas cancel SERVICE` or `mypaas cancel --job N`: 0 when what ran before runs on, 1 when the job was done before. */
export async function cancel(args: CancelArgs, io: CommandIo): Promise<ExitCode> {
  const action = readAction(args);
  const detached = "cancel is requested and continues on the server";
  return untilInterrupted(args, io, detached, async (connection) => {
    const { followJob } = await import("../connect/follow-job.ts");
    const last = await followJob(await connection.begin(action), io);
    if (last === undefined || !isDone(last)) return 0;
    io.say(tooLate(last));
    return 1;
  });
}

function readAction({ service, job: word }: CancelArgs): ActionOf<"cancel"> {
  const job = numberOption(word, "cancel: --job");
  if (service === undefined && job === undefined)
    throw new UserError("cancel: name a service or a job", {
      code: "usage",
      hint: hint`for example: ${command("cancel web")}, or: ${command("cancel --job 12")}`,
    });
  return {
    action: "cancel",
    ...(service !== undefined && { service }),
    ...(job !== undefined && { job }),
  };
}

function tooLate(last: LoggedEvent): WarningEvent {
  const kind = "warning";
  if (last.kind !== "live" && last.kind !== "unchanged")
    return { kind, text: "too late to cancel: the job is done" };
  const back = hint`go back with: ${command(`rollback ${last.service}`)}`;
  return { kind, text: "too late to cancel: the new release is live", ...hintFields(back) };
}
