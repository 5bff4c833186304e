import { readDuration } from "../../core/dockerfile/durations.ts";
import { UserError } from "../../core/errors.ts";
import type { AnyServiceArgs, CommandFile, CommandIo, ExitCode } from "../command.ts";
import { withServer } from "../connect/ask.ts";
import { renderAllStats, renderStats } from "../output/render-stats.ts";
import { themeOf } from "../output/theme.ts";

export interface StatsArgs extends AnyServiceArgs {
  readonly since?: string;
}

export const declaration: CommandFile = {
  options: [["--since <duration>", "how far back, such as 10m, 24h or 30d; 1h without it"]],
  examples: ["mypaas stats -r prod", "mypaas stats web --since 24h -r prod"],
  note: "Kept for 30 days; the last day in minutes.",
  run: stats,
};

const shortestMs = 60_000;
const longestMs = 30 * 86_400_000;
/** Where the output is no terminal. */
const usualColumns = 80;

/** `mypaas stats [SERVICE]`: what services were asked, how quickly they answered and what they used. */
export async function stats(args: StatsArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const sinceMs = readSince(args.since ?? "1h");
  const { stdout } = io.world;
  const view = {
    columns: stdout.isTTY ? stdout.columns : usualColumns,
    theme: themeOf(io.world, "stdout"),
  };
  return withServer(args, io, async (server) => {
    const which = service === undefined ? {} : { service };
    const answer = await server.ask({ action: "metrics", ...which, sinceMs });
    const [own] = answer.services;
    if (service === undefined || own === undefined) io.answer(renderAllStats(answer, view), answer);
    else {
      const jobs = io.json ? [] : (await server.ask({ action: "job.list", service })).jobs;
      io.answer(renderStats(answer, own, jobs, view), answer);
    }
    return 0;
  });
}

function readSince(text: string): number {
  const read = readDuration(text, shortestMs, longestMs);
  if ("value" in read) return read.value;
  throw new UserError(`stats: --since ${read.bad}`, {
    code: "usage",
    hint: read.hint ?? "give a duration: --since 24h",
  });
}
