import { UserError } from "../../core/errors.ts";
import { maxReplicas } from "../../core/release/spec.ts";
import { refuseNoWeb } from "../../core/release/processes.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { findTarget } from "../input/process-target.ts";
import { jobCommand } from "../connect/job-command.ts";
import { command, hint } from "../../core/hints.ts";
import { newContainers } from "../new-containers.ts";

export interface ScaleArgs extends ServiceArgs {
  readonly replicas: string;
  readonly process?: string | undefined;
}

export const declaration: CommandFile = {
  options: [["--process <name>", "of this process; the same as SERVICE.PROCESS (default: web)"]],
  note: newContainers,
  examples: ["mypaas scale web 3 -r prod", "mypaas scale web.worker 2 -r prod"],
  run: scale,
};

/** `mypaas scale SERVICE N`: lasts until the Dockerfile says another scale than now. */
export async function scale(args: ScaleArgs, io: CommandIo): Promise<ExitCode> {
  const isNumber = /^\d{1,9}$/.test(args.replicas) && Number(args.replicas) <= maxReplicas;
  // A wrong number needs no server.
  const target = isNumber ? await findTarget(args, "scale", io) : { service: args.service };
  const replicas = readCount(args.replicas, args.service);
  refuseNoWeb({ ...target, replicas }, "usage");
  return jobCommand({ ...args, action: { action: "scale", ...target, replicas } }, io);
}

function readCount(word: string, service: string): number {
  const count = /^\d{1,9}$/.test(word) ? Number(word) : NaN;
  if (count >= 0 && count <= maxReplicas) return count;
  throw new UserError(
    `scale ${service}: should be a number from 1 to ${maxReplicas}, got ${JSON.stringify(word)}`,
    { code: "usage", hint: hint`such as: ${command(`scale ${service} 2`)}` },
  );
}
