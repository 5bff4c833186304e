import { hintFields, hintOf } from "../core/hints.ts";
import { UserError } from "../core/errors.ts";
import type { FailedEvent } from "../core/wire/events.ts";
import type { World } from "../core/world.ts";
import type { CommandIo, ExitCode, OutputOptions, Roles } from "./command.ts";

/** Runs one command from its arguments to its exit code; throws nothing. */
export async function main(world: World, roles: Roles): Promise<ExitCode> {
  if (["--version", "-V"].includes(world.args[0] ?? "")) {
    const { packageVersion } = await import("../adapters/package-version.ts");
    world.stdout.write(`${await packageVersion(world)}\n`);
    return 0;
  }
  let io: Promise<CommandIo> | undefined;
  const isJson = looksLikeJson(world.args);
  const getIo = (options: OutputOptions = { json: isJson }) => (io ??= makeIo(world, options));
  try {
    const { runProgram } = await import("./run-program.ts");
    return await runProgram({ world, roles, isJson, makeIo: getIo });
  } catch (error) {
    return explain(error, await getIo());
  }
}

/** Of a command line that could not be read; what follows `--` is not for mypaas. */
function looksLikeJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes("--json");
}

async function makeIo(world: World, { json = false, quiet }: OutputOptions): Promise<CommandIo> {
  const { humanSay, jsonSay, quietly } = await import("./output/say.ts");
  const { eventFor } = await import("./output/remote-hint.ts");
  const loud = json ? jsonSay(world) : humanSay(world);
  const say = quiet === true ? quietly(loud) : loud;
  let remote: string | undefined;
  return {
    world,
    json,
    say: (event) => say(eventFor(remote, event)),
    setRemoteName: (name) => {
      remote = name;
    },
    // What has a kind of its own keeps it.
    answer: (text, value) =>
      world.stdout.write(`${json ? JSON.stringify({ kind: "answer", ...value }) : text}\n`),
  };
}

/** Uses the output of the command: a status line may still stand there. */
function explain(error: unknown, { world, say }: CommandIo): ExitCode {
  if (error instanceof UserError) {
    say(failureOf(error));
    return error.code === "usage" ? 2 : 1;
  }
  const isInterrupted = world.interrupted.aborted;
  say(isInterrupted ? { kind: "note", text: "interrupted" } : bugReport(error));
  return isInterrupted ? 130 : 70;
}

/** A UserError in the shape in which it travels and is shown. */
export function failureOf(error: UserError): FailedEvent {
  const { message, details, still } = error;
  const more = { ...hintFields(hintOf(error)), ...(still === undefined ? {} : { still }) };
  return { kind: "failed", message, details, ...more };
}

function bugReport(error: unknown): FailedEvent {
  const { message, stack = message } = error instanceof Error ? error : { message: String(error) };
  return {
    kind: "failed",
    message: `bug in mypaas: ${message}`,
    hint: "report it with the lines above",
    details: stack.split("\n"),
  };
}
