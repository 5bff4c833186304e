import type { CommandFile } from "../command-builder.ts";
import type { ServerOptions } from "../connect/ask.ts";
import { numberOption } from "../input/number-option.ts";
import { serviceArgument } from "../input/service-argument.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { noJson } from "./run.ts";

export interface ExecArgs extends ServerOptions {
  readonly service: string;
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
  const service = serviceArgument(args.service, "exec");
  const replica = numberOption(args.replica, "exec: --replica");
  if (io.json) throw noJson("exec");
  const { connect } = await import("../connect/connect.ts");
  const { joinProgram, terminalOf } = await import("../connect/terminal.ts");
  const terminal = terminalOf(io.world);
  const connection = await connect(io, args.remote, args);
  try {
    const { request } = await connection.begin({
      action: "exec",
      service,
      command: args.command,
      ...(replica !== undefined && { replica }),
      ...(terminal !== undefined && { terminal }),
    });
    const line = await request.openTerminal();
    const { place } = connection;
    return await joinProgram(io.world, { line, isTerminal: terminal !== undefined, place });
  } finally {
    await connection.close();
  }
}
