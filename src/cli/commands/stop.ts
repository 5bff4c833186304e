import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { jobCommand } from "../connect/job-command.ts";
import { newContainers } from "../new-containers.ts";

export const declaration: CommandFile = {
  note: newContainers,
  examples: ["mypaas stop web", "mypaas stop web -r prod"],
  run: stop,
};

/** `mypaas stop SERVICE`: 0 stopped, 1 not. */
export async function stop(args: ServiceArgs, io: CommandIo): Promise<ExitCode> {
  const action = { action: "stop", service: args.service } as const;
  return jobCommand({ ...args, action, isDone: (last) => last?.kind === "stopped" }, io);
}
