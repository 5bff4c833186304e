import { command, hint, hintFields } from "../../core/hints.ts";
import type { CommandFile } from "../command-builder.ts";
import type { ServerOptions } from "../connect/ask.ts";
import { isLive } from "../connect/job-command.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { serviceArgument } from "../input/service-argument.ts";

export interface CancelArgs extends ServerOptions {
  readonly service: string;
}

export const declaration: CommandFile = {
  examples: ["mypaas cancel web", "mypaas cancel web -r prod"],
  run: cancel,
};

/** `mypaas cancel SERVICE`: 0 when what ran before runs on, 1 when the deploy had gone live. */
export async function cancel(args: CancelArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "cancel");
  const { connect } = await import("../connect/connect.ts");
  const { followJob, untilInterrupted } = await import("../connect/follow-job.ts");
  const connection = await connect(io, args.remote, args);
  return untilInterrupted(connection, io, {
    work: async () => {
      const begun = await connection.begin({ action: "cancel", service });
      const { place } = connection;
      const isTooLate = isLive(await followJob({ ...begun, place }, io));
      if (isTooLate)
        io.say({
          kind: "warning",
          text: "too late to cancel: the new release is live",
          ...hintFields(hint`go back with: ${command(`rollback ${service}`)}`),
        });
      return isTooLate ? 1 : 0;
    },
    onInterrupt: () => "cancel is requested and continues on the server",
  });
}
