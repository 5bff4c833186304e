import { createCursor } from "../../core/logs/cursor.ts";
import type { LogLine } from "../../core/logs/item.ts";
import { readLogItem } from "../../core/logs/item-reader.ts";
import { UserError } from "../../core/errors.ts";
import { followStream } from "../../adapters/wire/stream.ts";
import { connect, type Connection } from "../connect/connect.ts";
import { sayBroken } from "../connect/follow-job.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { readJobLog } from "../connect/job-log.ts";
import { readLogsArgs, type LogsArgs, type LogsWanted } from "../input/logs-args.ts";
import { logWriter } from "../output/log-writer.ts";

export type { LogsArgs } from "../input/logs-args.ts";

/** `mypaas logs SERVICE`: what its replicas print, or with `--job` what a deploy said; 130 when it was followed until Ctrl-C. */
export async function logs(args: LogsArgs, io: CommandIo): Promise<ExitCode> {
  const wanted = readLogsArgs(args);
  const connection = await connect(io, args.remote, args);
  try {
    if (wanted.action.action === "job.log") await readJobLog(connection, wanted.action, io);
    else await readLines(connection, { ...wanted, action: wanted.action }, io);
    return io.world.interrupted.aborted ? 130 : 0;
  } catch (error) {
    // Leaving is how one ends it; there is nothing to say.
    if (io.world.interrupted.aborted) return 130;
    throw error;
  } finally {
    await connection.close();
  }
}

async function readLines(
  connection: Connection,
  wanted: LogsWanted<"logs">,
  io: CommandIo,
): Promise<void> {
  const { action, keep, matches, again } = wanted;
  const { place } = connection;
  const { request } = await connection.begin(action);
  const cursor = createCursor();
  const write = logWriter(action.service, io);
  // Of those that fit so many are shown, and which they are is known at the end of the past.
  let held: LogLine[] | undefined = keep === undefined ? undefined : [];
  const show = () => {
    if (keep !== undefined && held !== undefined)
      for (const line of keep === 0 ? [] : held.slice(-keep)) write(line);
    held = undefined;
  };
  const signal = io.world.interrupted;
  const onBroken = () => sayBroken(place, io);
  const lines = followStream({ request, place, signal, cursor: cursor.text, onBroken, again });
  for await (const text of lines) {
    const item = readLogItem(text);
    if (item === undefined) continue;
    cursor.read(item);
    if (item.kind === "failed")
      throw new UserError(item.message, { code: item.code, hint: item.hint });
    if (item.kind === "caught-up" || item.kind === "end") show();
    if (item.kind === "end" || signal.aborted) return;
    if (item.kind !== "line" || !matches(item.text)) continue;
    if (held === undefined) write(item);
    else if (held.push(item) > 2 * ((keep ?? 0) + 1)) held.splice(0, held.length - (keep ?? 0));
  }
}
