import { UserError } from "../../core/errors.ts";
import { readDuration } from "../../core/dockerfile/durations.ts";
import { plainText } from "../../core/terminal-text.ts";
import type { Action } from "../../core/actions/actions.ts";
import type { AnyServiceArgs } from "../command.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { type HintCommand, command, hint } from "../../core/hints.ts";

export interface LogsArgs extends AnyServiceArgs {
  readonly follow?: boolean;
  readonly lines?: string | undefined;
  readonly since?: string | undefined;
  readonly release?: string | undefined;
  readonly replica?: string | undefined;
  readonly process?: string | undefined;
  readonly grep?: string | undefined;
  /** True without a number: the newest job of the service. */
  readonly job?: string | true | undefined;
}

/** The request, and which lines of its answer are shown. */
export interface LogsWanted<A extends "logs" | "job.log" = "logs" | "job.log"> {
  readonly action: Extract<Action, { readonly action: A }>;
  /** How many of the lines that fit are shown of the past; undefined: all that come. */
  readonly keep: number | undefined;
  readonly matches: (text: string) => boolean;
  /** The same command, for messages. */
  readonly again: string;
}

const usualLines = 100;
const mostLines = 10_000;

/** Reads the command line; throws UserError "usage". */
export function readLogsArgs(args: LogsArgs): LogsWanted {
  const { service } = args;
  const again = commandLine("mypaas", "logs", service, ...option("-r", args.remote));
  if (args.job !== undefined) {
    const job = args.job === true ? {} : { job: wholeNumber(args.job, "--job") };
    if (service === undefined && args.job === true) throw noService(command("logs --job 12"));
    const whose = service === undefined ? {} : { service };
    const action = { action: "job.log", ...whose, ...job } as const;
    return { action, keep: undefined, matches: () => true, again };
  }
  if (service === undefined) throw noService(command("logs web"));
  const pattern = args.grep === undefined ? undefined : readPattern(args.grep);
  const lines = readLines(args);
  const asked = {
    follow: args.follow === true,
    // What does not fit must not use up the lines that are asked for.
    ...(pattern === undefined && lines !== undefined && { lines }),
    ...(args.since !== undefined && { sinceMs: readSince(args.since) }),
    ...(args.release !== undefined && { release: wholeNumber(args.release, "--release") }),
    ...(args.replica !== undefined && { replica: wholeNumber(args.replica, "--replica") }),
  };
  return {
    action: { action: "logs", service, ...asked },
    keep: pattern === undefined ? undefined : lines,
    matches: (text) => pattern?.test(plainText(text)) ?? true,
    again,
  };
}

/** Undefined: all lines. `--since` and `--grep` have no limit by default. */
function readLines({ lines, since, grep }: LogsArgs): number | undefined {
  if (lines === "all") return undefined;
  if (lines === undefined) return (since ?? grep) === undefined ? usualLines : undefined;
  const count = wholeNumber(lines, "-n");
  if (count <= mostLines) return count;
  throw new UserError(`logs: -n should be at most ${mostLines}, got ${count}`, {
    code: "usage",
    hint: "for all lines use: -n all",
  });
}

/** Matched here and not on the server: a bad expression can take for ever, and must not block the server. */
function readPattern(text: string): RegExp {
  try {
    return new RegExp(text, "u");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`logs: --grep: ${reason}`, {
      code: "usage",
      hint: "write a JavaScript regular expression, such as: --grep 'status=5\\d\\d'",
    });
  }
}

const longestMs = 10 * 365 * 86_400_000;

function readSince(text: string): number {
  const read = readDuration(text, 0, longestMs);
  if ("value" in read) return read.value;
  throw new UserError(`logs: --since ${read.bad}`, {
    code: "usage",
    hint: read.hint ?? "give a duration: --since 10m",
  });
}

function wholeNumber(word: string, name: string): number {
  if (/^\d{1,9}$/.test(word)) return Number(word);
  throw new UserError(`logs: ${name} should be a whole number, got ${JSON.stringify(word)}`, {
    code: "usage",
    hint: hint`see how it is used: ${command("logs --help")}`,
  });
}

const noService = (example: HintCommand): UserError =>
  new UserError("logs: no service named", { code: "usage", hint: hint`name one: ${example}` });
