import { UserError } from "../../core/errors.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { RunResult } from "../../core/actions/programs.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions, ServiceArgs } from "../command.ts";
import { ask, withServer } from "../connect/ask.ts";
import { numberOption } from "../input/arguments.ts";

export interface RunArgs extends ServiceArgs {
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
  const { service } = args;
  const release = numberOption(args.release, "run: --release");
  const which = release === undefined ? {} : { release };
  const action = { action: "run", service, command: args.command, ...which } as const;
  if (args.detach !== true) return runJoined(action, args, io);
  const result = await ask({ ...action, detach: true }, args, io);
  io.answer(describe(result), result);
  return 0;
}

function describe({ name, service, release }: RunResult): string {
  return [
    `${name} runs in the background, from release ${release} of ${service}`,
    `read its output on the server, until a day after its end: docker logs -f ${name}`,
  ].join("\n");
}

/** Joins this terminal with a program on the server until it ends; returns its exit code. */
export async function runJoined(
  action: ActionOf<"run" | "exec">,
  options: ServerOptions,
  io: CommandIo,
): Promise<ExitCode> {
  // The output of a program is not put into lines of JSON.
  if (io.json)
    throw new UserError(`${action.action}: --json would mix with the output of the program`, {
      code: "usage",
      hint: `leave out --json${action.action === "run" ? ", or add --detach" : ""}`,
    });
  const { joinProgram, terminalOf } = await import("../connect/terminal.ts");
  const terminal = terminalOf(io.world);
  const isTerminal = terminal !== undefined;
  return withServer(options, io, async ({ begin, place }) => {
    const { request } = await begin({ ...action, ...(isTerminal && { terminal }) });
    const line = await request.openTerminal();
    return joinProgram(io.world, { line, isTerminal, place });
  });
}
