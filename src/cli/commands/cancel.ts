import { command, hint, hintFields } from "../../core/hints.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { untilInterrupted } from "../connect/job-command.ts";

export const declaration: CommandFile = {
  examples: ["mypaas cancel web", "mypaas cancel web -r prod"],
  run: cancel,
};

/** `mypaas cancel SERVICE`: 0 when what ran before runs on, 1 when the deploy had gone live. */
export async function cancel(args: ServiceArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const detached = "cancel is requested and continues on the server";
  return untilInterrupted(args, io, detached, async (connection) => {
    const { followJob, isLive } = await import("../connect/follow-job.ts");
    const begun = await connection.begin({ action: "cancel", service });
    if (!isLive(await followJob(begun, io))) return 0;
    const text = "too late to cancel: the new release is live";
    const back = hint`go back with: ${command(`rollback ${service}`)}`;
    io.say({ kind: "warning", text, ...hintFields(back) });
    return 1;
  });
}
