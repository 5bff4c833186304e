import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { jobCommand } from "../connect/job-command.ts";
import { serviceArgument } from "../input/service-argument.ts";

export const declaration: CommandFile = {
  examples: ["mypaas start web", "mypaas start web -r prod"],
  run: start,
};

/** `mypaas start SERVICE`: 0 live, 1 not. */
export async function start(args: ServiceArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "start");
  return jobCommand({ ...args, action: { action: "start", service } }, io);
}
