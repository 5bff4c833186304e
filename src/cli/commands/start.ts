import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { jobCommand } from "../connect/job-command.ts";

export const declaration: CommandFile = {
  examples: ["mypaas start web", "mypaas start web -r prod"],
  run: start,
};

/** `mypaas start SERVICE`: 0 live, 1 not. */
export async function start(args: ServiceArgs, io: CommandIo): Promise<ExitCode> {
  return jobCommand({ ...args, action: { action: "start", service: args.service } }, io);
}
