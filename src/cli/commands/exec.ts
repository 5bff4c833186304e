import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { numberOption } from "../input/arguments.ts";
import { findTarget } from "../input/process-target.ts";
import { runJoined } from "./run.ts";

export interface ExecArgs extends ServiceArgs {
  readonly command: readonly string[];
  readonly replica?: string | undefined;
  readonly process?: string | undefined;
}

export const declaration: CommandFile = {
  options: [
    ["--replica <number>", "which one (default: the first that runs)"],
    ["--process <name>", "of which process; the same as SERVICE.PROCESS (default: web)"],
  ],
  examples: [
    "mypaas exec web -r prod -- sh",
    "mypaas exec web --replica 2 -r prod -- env",
    "mypaas exec web.worker -r prod -- sh",
  ],
  run: exec,
};

/** `mypaas exec SERVICE -- CMD…`: the exit code of the program. */
export async function exec(args: ExecArgs, io: CommandIo): Promise<ExitCode> {
  const replica = numberOption(args.replica, "exec: --replica");
  const which = replica === undefined ? {} : { replica };
  const target = await findTarget(args, "exec", io);
  return runJoined({ action: "exec", ...target, command: args.command, ...which }, args, io);
}
