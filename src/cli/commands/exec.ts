import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { numberOption } from "../input/arguments.ts";
import { runJoined } from "./run.ts";

export interface ExecArgs extends ServiceArgs {
  readonly command: readonly string[];
  readonly replica?: string | undefined;
}

export const declaration: CommandFile = {
  options: [["--replica <number>", "which one (default: the first that runs)"]],
  examples: ["mypaas exec web -r prod -- sh", "mypaas exec web --replica 2 -r prod -- env"],
  run: exec,
};

/** `mypaas exec SERVICE -- CMD…`: the exit code of the program. */
export async function exec(args: ExecArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const replica = numberOption(args.replica, "exec: --replica");
  const which = replica === undefined ? {} : { replica };
  return runJoined({ action: "exec", service, command: args.command, ...which }, args, io);
}
