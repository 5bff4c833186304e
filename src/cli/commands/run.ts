import { UserError } from "../../core/errors.ts";
import type { RunResult } from "../../core/actions/programs.ts";
import type { CommandFile } from "../command-builder.ts";
import type { ServerOptions } from "../connect/ask.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { numberOption } from "../input/number-option.ts";
import { serviceArgument } from "../input/service-argument.ts";

export interface RunArgs extends ServerOptions {
  readonly service: string;
  readonly command: readonly string[];
  readonly release?: string | undefined;
  readonly detach?: boolean | undefined;
}

export const declaration: CommandFile = {
  options: [
    ["--release <number>", "use the image of this release (default: the live one)"],
    ["--detach", "start the command and return at once"],
  ],
  examples: [
    "mypaas run web -r prod -- node migrate.js",
    "mypaas run web --detach -r prod -- node nightly.js",
  ],
  run,
};

/** `mypaas run SERVICE -- CMD…`: the exit code of the program. */
export async function run(args: RunArgs, io: CommandIo): Promise<ExitCode> {
  const service = serviceArgument(args.service, "run");
  const release = numberOption(args.release, "run: --release");
  const detach = args.detach === true;
  if (io.json && !detach) throw noJson("run", "--detach");
  const { connect } = await import("../connect/connect.ts");
  const { joinProgram, terminalOf } = await import("../connect/terminal.ts");
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
    `${name} runs in the background, from release ${release} of ${service}`,
    `read its output on the server, until a day after its end: docker logs -f ${name}`,
  ].join("\n");
}

/** The output of a program is not put into lines of JSON. */
export const noJson = (command: string, only?: string): UserError =>
  new UserError(`${command}: --json would mix with the output of the program`, {
    code: "usage",
    hint: only === undefined ? "leave out --json" : `leave out --json, or add ${only}`,
  });
