import type { LogLine } from "../../core/logs/item.ts";
import type { CommandFile, CommandIo, ExitCode } from "../command.ts";
import type { Connection } from "../connect/connect.ts";
import { withServer } from "../connect/ask.ts";
import { findTarget } from "../input/process-target.ts";
import { readLogsArgs, type LogsArgs, type LogsWanted } from "../input/logs-args.ts";

export const declaration: CommandFile = {
  options: [
    ["-f, --follow", "follow new lines, across deploys, until Ctrl-C"],
    ["-n, --lines <count>", "how many of the newest lines, or all (default: 100)"],
    ["--since <duration>", "nothing older, such as 10m"],
    ["--release <number>", "only of this release, while its containers are there"],
    ["--replica <number>", "only of this replica"],
    ["--process <name>", "only of this process; the same as SERVICE.PROCESS"],
    ["--grep <regex>", "only lines that match"],
    ["--job [number]", "the log of a deploy; without a number the newest of the service"],
  ],
  examples: [
    "mypaas logs web -f -r prod",
    "mypaas logs web.worker -r prod",
    "mypaas logs web --job -r prod",
  ],
  run: logs,
};

/** `mypaas logs SERVICE`: the output of its replicas, or with `--job` the log of a deploy; 130 when it was followed until Ctrl-C. */
export async function logs(args: LogsArgs, io: CommandIo): Promise<ExitCode> {
  const read = readLogsArgs(args);
  const wanted = { ...read, action: await ofProcess(read.action, args, io) };
  const { action } = wanted;
  const signal = io.world.interrupted;
  return withServer(args, io, async (connection) => {
    try {
      if (action.action === "job.log") {
        const { readJobLog } = await import("../connect/follow-job.ts");
        await readJobLog(connection, action, io);
      } else await readLines(connection, { ...wanted, action }, io);
    } catch (error) {
      // Ctrl-C is the normal end.
      if (!signal.aborted) throw error;
    }
    return signal.aborted ? 130 : 0;
  });
}

/** The log of a job is that of a whole service. */
async function ofProcess(
  action: LogsWanted["action"],
  args: LogsArgs,
  io: CommandIo,
): Promise<LogsWanted["action"]> {
  if (action.action === "job.log") return action;
  return { ...action, ...(await findTarget({ ...args, service: action.service }, "logs", io)) };
}

async function readLines(
  connection: Connection,
  wanted: LogsWanted<"logs">,
  io: CommandIo,
): Promise<void> {
  const { action, keep, matches, again } = wanted;
  const { readLogLines } = await import("../connect/log-lines.ts");
  const { sayBroken } = await import("../connect/follow-job.ts");
  const { logWriter } = await import("../output/log-writer.ts");
  const write = logWriter(action.service, io);
  // Of those that fit so many are shown, and which they are is known at the end of the past.
  let held: LogLine[] | undefined = keep === undefined ? undefined : [];
  const show = () => {
    if (keep !== undefined && held !== undefined)
      for (const line of keep === 0 ? [] : held.slice(-keep)) write(line);
    held = undefined;
  };
  const take = (line: LogLine) => {
    if (!matches(line.text)) return;
    if (held === undefined) write(line);
    else if (held.push(line) > 2 * ((keep ?? 0) + 1)) held.splice(0, held.length - (keep ?? 0));
  };
  const signal = io.world.interrupted;
  const onBroken = () => sayBroken(connection.place, io);
  for await (const news of readLogLines(connection, action, { signal, again, onBroken })) {
    if (news === "caught-up") show();
    else take(news);
    if (signal.aborted) return;
  }
  show();
}
