import type { JobAction } from "../../core/actions/actions.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import type { CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { withServer } from "./ask.ts";
import type { Connection } from "./connect.ts";

export interface JobCommand extends ServerOptions {
  readonly action: Exclude<JobAction, { readonly action: "push" }>;
  /** True for the end that was asked for; without it that is a live release. */
  readonly isDone?: (last: LoggedEvent | undefined) => boolean;
  /** Where the server may do at once what is asked. */
  readonly onResult?: (result: unknown) => void;
}

/** Asks for a job and follows it to its end: 0 as it was asked for, 1 otherwise, 130 interrupted. */
export async function jobCommand(asked: JobCommand, io: CommandIo): Promise<ExitCode> {
  const { action, remote, onResult } = asked;
  // The same command again might do it twice.
  const look = commandLine("mypaas", "releases", action.service, ...option("-r", remote));
  const detached = `detached; the ${action.action} continues on the server, see how it ends with: ${look}`;
  return untilInterrupted(asked, io, detached, async (connection) => {
    const { followJob, isLive } = await import("./follow-job.ts");
    const begun = await connection.begin(action);
    const { accepted } = begun;
    if (accepted.job === undefined && onResult !== undefined) {
      onResult(accepted.result);
      return 0;
    }
    const { isDone = isLive } = asked;
    return isDone(await followJob(begun, io)) ? 0 : 1;
  });
}

/** Works with a server that goes on without us; 130 with that text when interrupted. */
export const untilInterrupted = (
  options: ServerOptions,
  io: CommandIo,
  detached: string,
  work: (connection: Connection) => Promise<ExitCode>,
): Promise<ExitCode> =>
  withServer(options, io, (connection) =>
    work(connection).catch((error: unknown) => {
      if (!io.world.interrupted.aborted) throw error;
      io.say({ kind: "note", text: detached });
      return 130;
    }),
  );
