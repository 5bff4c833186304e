import { connect } from "../connect/connect.ts";
import { followJob, isLive, untilInterrupted } from "../connect/follow-job.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { serviceArgument } from "../input/service-argument.ts";

export interface CancelArgs {
  readonly service: string;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
}

/** `mypaas cancel SERVICE`: 0 when what ran before runs on, 1 when the deploy had gone live. */
export async function cancel(args: CancelArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "cancel");
  const connection = await connect(io, args.remote, args);
  return untilInterrupted(connection, io, {
    work: async () => {
      const begun = await connection.begin({ action: "cancel", service });
      const { place } = connection;
      const isTooLate = isLive(await followJob({ ...begun, place }, io));
      if (isTooLate)
        io.say({
          kind: "warning",
          text: `too late to cancel: it is live`,
          hint: `go back with: mypaas rollback ${service}`,
        });
      return isTooLate ? 1 : 0;
    },
    onInterrupt: () => "the deploy is asked to end, and does so without you",
  });
}
