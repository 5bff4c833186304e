import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { jobCommand } from "../connect/job-command.ts";
import { newContainers } from "../new-containers.ts";

export const declaration: CommandFile = {
  note: newContainers,
  examples: ["mypaas restart web", "mypaas restart web -r prod"],
  run: restart,
};

/** `mypaas restart SERVICE`: 0 live, 1 not. */
export async function restart(args: ServiceArgs, io: CommandIo): Promise<ExitCode> {
  return jobCommand({ ...args, action: { action: "restart", service: args.service } }, io);
}
