import { hintFields, hintOf } from "../core/hints.ts";
import { UserError } from "../core/errors.ts";
import type { FailedEvent } from "../core/wire/events.ts";
import type { World } from "../core/world.ts";
import type { CommandIo, ExitCode, OutputOptions, Roles } from "./command.ts";

/** Runs one command from its arguments to its exit code; throws nothing. */
export async function main(world: World, roles: Roles): Promise<ExitCode> {
  let io: Promise<CommandIo> | undefined;
  const isJson = has(world.args, "--json");
  const early = { json: isJson, verbose: has(world.args, "--verbose") };
  const getIo = (options: OutputOptions = early) => (io ??= makeIo(world, options));
  try {
    if (["--version", "-V"].includes(world.args[0] ?? "")) {
      const { packageVersion } = await import("../adapters/package-version.ts");
      world.stdout.write(`${await packageVersion(world)}\n`);
      return 0;
    }
    const { runProgram } = await import("./run-program.ts");
    return await runProgram({ world, roles, isJson, makeIo: getIo });
  } catch (error) {
    return explain(error, await getIo());
  }
}

/** Looks into a command line that could not be read; what follows `--` is not for mypaas. */
function has(args: readonly string[], option: string): boolean {
  const end = args.indexOf("--");
  return (end < 0 ? args : args.slice(0, end)).includes(option);
}

async function makeIo(world: World, options: OutputOptions): Promise<CommandIo> {
  const { json = false, quiet, verbose } = options;
  const { humanSay, jsonSay, quietly } = await import("./output/say.ts");
  const { eventFor } = await import("./output/remote-hint.ts");
  const loud = json ? jsonSay(world) : humanSay(world);
  const say = quiet === true ? quietly(loud) : loud;
  let remote: string | undefined;
  return {
    world,
    json,
    trace: verbose === true ? tracer(world) : undefined,
    say: (event) => say(eventFor(remote, event)),
    setRemoteName: (name) => {
      remote = name;
    },
    // What has a kind of its own keeps it.
    answer: (text, value) =>
      world.stdout.write(`${json ? JSON.stringify({ kind: "answer", ...value }) : text}\n`),
  };
}

/** Writes over a status line, which is drawn again. */
function tracer({ stderr, now }: World): (text: string) => void {
  const begin = stderr.isTTY ? "\r\u001b[K" : "";
  return (text) => stderr.write(`${begin}${new Date(now()).toISOString()} ${text}\n`);
}

/** Uses the output of the command: a status line may still stand there. */
function explain(error: unknown, { world, say, trace }: CommandIo): ExitCode {
  for (const cause of causesOf(error)) trace?.(cause);
  if (error instanceof UserError) {
    say(failureOf(error));
    return error.code === "usage" ? 2 : 1;
  }
  const isInterrupted = world.interrupted.aborted;
  say(isInterrupted ? { kind: "note", text: "interrupted" } : bugReport(error));
  return isInterrupted ? 130 : 70;
}

/** An error and what caused it, each with its stack; the fields of errors are left out, because they may hold requests. */
function causesOf(error: unknown, how = "error"): readonly string[] {
  if (!(error instanceof Error)) return [`${how}: ${String(error)}`];
  const { stack = error.message, cause } = error;
  const code = "code" in error && typeof error.code === "string" ? ` ${error.code}` : "";
  const several = error instanceof AggregateError ? error.errors : [];
  const causes = cause === undefined ? several : [cause, ...several];
  return [`${how}${code}: ${stack}`, ...causes.flatMap((one) => causesOf(one, "caused by"))];
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
