import { isLive } from "../connect/follow-job.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { jobCommand } from "../connect/job-command.ts";
import { serviceArgument } from "../input/service-argument.ts";

export interface LifecycleArgs {
  readonly verb: "restart" | "stop" | "start";
  readonly service: string;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
}

/** `mypaas restart|stop|start SERVICE`: 0 done, 1 not. */
export async function lifecycle(args: LifecycleArgs, io: CommandIo): Promise<ExitCode> {
  const { verb } = args;
  const service = serviceArgument(args.service, verb);
  const isDone: typeof isLive = verb === "stop" ? (last) => last?.kind === "stopped" : isLive;
  return jobCommand({ ...args, action: { action: verb, service }, isDone }, io);
}
