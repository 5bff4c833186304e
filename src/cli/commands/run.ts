import { UserError } from "../../core/errors.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import type { RunResult } from "../../core/actions/programs.ts";
import { command, hint } from "../../core/hints.ts";
import { updateServer } from "../../core/wire/versions.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask, withServer } from "../connect/ask.ts";
import { numberOption } from "../input/arguments.ts";
import { findTarget, type ProcessArgs } from "../input/process-target.ts";

export interface RunArgs extends ProcessArgs {
  /** Empty for what the process runs. */
  readonly command: readonly string[];
  readonly release?: string | undefined;
  readonly detach?: boolean | undefined;
}

export const declaration: CommandFile = {
  options: [
    ["--release <number>", "use the image of this release (default: the live one)"],
    ["--process <name>", "as this process; the same as SERVICE.PROCESS, without a command its own"],
    ["--detach", "start the command and return at once"],
  ],
  examples: [
    "mypaas run web -r prod -- node migrate.js",
    "mypaas run web --detach -r prod -- node nightly.js",
    "mypaas run web.worker -r prod",
  ],
  run,
};

/** `mypaas run SERVICE -- CMD…`, or `mypaas run SERVICE.PROCESS`: the exit code of the program. */
export async function run(args: RunArgs, io: CommandIo): Promise<ExitCode> {
  const { command: words } = args;
  const release = numberOption(args.release, "run: --release");
  const which = release === undefined ? {} : { release };
  const target = await findTarget(args, "run", io);
  if (words.length === 0 && target.process === undefined) throw noCommand(target.service);
  const program = words.length === 0 ? target : { ...target, command: words };
  const action = { action: "run", ...program, ...which } as const;
  if (args.detach !== true) return runJoined(action, args, io);
  const result = await ask({ ...action, detach: true }, args, io);
  io.answer(describe(result), result);
  return 0;
}

const noCommand = (service: string): UserError =>
  new UserError(`run ${service}: a command is missing`, {
    code: "usage",
    hint: hint`give one: ${command(`run ${service} -- CMD`)}; or name a process: ${command(`run ${service} --process worker`)}`,
  });

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
    const { request, accepted } = await begin({ ...action, ...(isTerminal && { terminal }) });
    // A server of 0.1.0 passes over the process, and does not say its version.
    if (action.process !== undefined && accepted.version === undefined)
      throw new UserError(`${action.action}: mypaas on the server is too old for processes`, {
        code: "older-server",
        hint: updateServer(),
      });
    const line = await request.openTerminal();
    return joinProgram(io.world, { line, isTerminal, place });
  });
}
