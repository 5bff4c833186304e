import { UserError } from "../../core/errors.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { jobCommand } from "../connect/job-command.ts";
import { command, hint } from "../../core/hints.ts";
import { newContainers } from "../new-containers.ts";

export interface RollbackArgs extends ServiceArgs {
  /** Its number; without it what was live before. */
  readonly release?: string | undefined;
}

export const declaration: CommandFile = {
  note: newContainers,
  examples: ["mypaas rollback web -r prod", "mypaas rollback web 41 -r prod"],
  run: rollback,
};

/** `mypaas rollback SERVICE [RELEASE]`: 0 live, 1 not. */
export async function rollback(args: RollbackArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const release = args.release === undefined ? {} : { release: readNumber(args.release) };
  const action = { action: "rollback", service, ...release } as const;
  return jobCommand({ ...args, action }, io);
}

function readNumber(word: string): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw new UserError(`rollback: should be the number of a release, got ${JSON.stringify(word)}`, {
    code: "usage",
    hint: hint`see the numbers: ${command("releases")}`,
  });
}
