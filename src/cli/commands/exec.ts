import { connect } from "../connect/connect.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { numberOption } from "../input/number-option.ts";
import { serviceArgument } from "../input/service-argument.ts";
import { joinProgram, terminalOf } from "../connect/terminal.ts";
import { noJson } from "./run.ts";

export interface ExecArgs {
  readonly service: string;
  readonly command: readonly string[];
  readonly replica?: string | undefined;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
  readonly runDir?: string | undefined;
}

/** `mypaas exec SERVICE -- CMD…`: the exit code of the program. */
export async function exec(args: ExecArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "exec");
  const replica = numberOption(args.replica, "exec: --replica");
  if (io.json) throw noJson("exec");
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
