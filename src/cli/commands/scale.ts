import { UserError } from "../../core/errors.ts";
import { maxReplicas } from "../../core/release/spec.ts";
import { isLive } from "../connect/follow-job.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { jobCommand } from "../connect/job-command.ts";
import { serviceArgument } from "../input/service-argument.ts";

export interface ScaleArgs {
  readonly service: string;
  readonly replicas: string;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
}

/** `mypaas scale SERVICE N`: lasts until the Dockerfile says another scale than now. */
export async function scale(args: ScaleArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "scale");
  const replicas = readCount(args.replicas, service);
  const action = { action: "scale", service, replicas } as const;
  return jobCommand({ ...args, action, isDone: isLive }, io);
}

function readCount(word: string, service: string): number {
  const count = /^\d{1,9}$/.test(word) ? Number(word) : NaN;
  if (count >= 1 && count <= maxReplicas) return count;
  if (count === 0)
    throw new UserError(`scale ${service}: 0 replicas would be nobody`, {
      code: "usage",
      hint: `to take it out of use: mypaas stop ${service}`,
    });
  throw new UserError(
    `scale ${service}: should be a number from 1 to ${maxReplicas}, got ${JSON.stringify(word)}`,
    { code: "usage", hint: `such as: mypaas scale ${service} 2` },
  );
}
