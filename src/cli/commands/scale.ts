import { UserError } from "../../core/errors.ts";
import { maxReplicas } from "../../core/release/spec.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { jobCommand } from "../connect/job-command.ts";
import { command, hint } from "../../core/hints.ts";
import { newContainers } from "../new-containers.ts";

export interface ScaleArgs extends ServiceArgs {
  readonly replicas: string;
}

export const declaration: CommandFile = {
  note: newContainers,
  examples: ["mypaas scale web 3 -r prod", "mypaas scale web 1 -r prod"],
  run: scale,
};

/** `mypaas scale SERVICE N`: lasts until the Dockerfile says another scale than now. */
export async function scale(args: ScaleArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const replicas = readCount(args.replicas, service);
  return jobCommand({ ...args, action: { action: "scale", service, replicas } }, io);
}

function readCount(word: string, service: string): number {
  const count = /^\d{1,9}$/.test(word) ? Number(word) : NaN;
  if (count >= 1 && count <= maxReplicas) return count;
  if (count === 0)
    throw new UserError(`scale ${service}: scale must be at least 1`, {
      code: "usage",
      hint: hint`to stop it: ${command(`stop ${service}`)}`,
    });
  throw new UserError(
    `scale ${service}: should be a number from 1 to ${maxReplicas}, got ${JSON.stringify(word)}`,
    { code: "usage", hint: hint`such as: ${command(`scale ${service} 2`)}` },
  );
}
