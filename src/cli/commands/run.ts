import { UserError } from "../../core/errors.ts";
import type { RunResult } from "../../core/actions/programs.ts";
import { connect } from "../connect/connect.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { numberOption } from "../input/number-option.ts";
import { serviceArgument } from "../input/service-argument.ts";
import { joinProgram, terminalOf } from "../connect/terminal.ts";

export interface RunArgs {
  readonly service: string;
  readonly command: readonly string[];
  readonly release?: string | undefined;
  readonly detach?: boolean | undefined;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
  readonly runDir?: string | undefined;
}

/** `mypaas run SERVICE -- CMD…`: the exit code of the program. */
export async function run(args: RunArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "run");
  const release = numberOption(args.release, "run: --release");
  const detach = args.detach === true;
  if (io.json && !detach) throw noJson("run", "--detach");
  const terminal = detach ? undefined : terminalOf(io.world);
  const connection = await connect(io, args.remote, args);
  try {
    const { accepted, request } = await connection.begin({
      action: "run",
      service,
      command: args.command,
      ...(release !== undefined && { release }),
      ...(detach && { detach }),
      ...(terminal !== undefined && { terminal }),
    });
    if (detach) {
      const result = accepted.result as RunResult;
      io.answer(describe(result), result);
      return 0;
    }
    const line = await request.openTerminal();
    const { place } = connection;
    return await joinProgram(io.world, { line, isTerminal: terminal !== undefined, place });
  } finally {
    await connection.close();
  }
}

function describe({ name, service, release }: RunResult): string {
  return [
    `${name} runs by itself, from release ${release} of ${service}`,
    `what it says is read on the server, until a day after its end: docker logs -f ${name}`,
  ].join("\n");
}

/** What a program prints is not ours to put into lines of JSON. */
export const noJson = (command: string, only?: string): UserError =>
  new UserError(`${command}: --json cannot be told from what the program prints`, {
    code: "usage",
    hint: only === undefined ? "leave out --json" : `leave out --json, or add ${only}`,
  });
