import type { JobAction } from "../../core/actions/actions.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { commandLine, option } from "../output/shell-words.ts";
import type { ServerOptions } from "./ask.ts";

export interface JobCommand extends ServerOptions {
  readonly action: Exclude<JobAction, { readonly action: "push" }>;
  /** True for the end that was asked for; without it that is a live release. */
  readonly isDone?: (last: LoggedEvent | undefined) => boolean;
  /** Where the server may do at once what is asked. */
  readonly onResult?: (result: unknown) => void;
}

/** Asks for a job and follows it to its end: 0 as it was asked for, 1 otherwise, 130 interrupted. */
export async function jobCommand(asked: JobCommand, io: CommandIo): Promise<ExitCode> {
  const { action, remote, isDone = isLive, onResult } = asked;
  const { connect } = await import("./connect.ts");
  const { followJob, untilInterrupted } = await import("./follow-job.ts");
  const connection = await connect(io, remote, asked);
  return untilInterrupted(connection, io, {
    work: async () => {
      const begun = await connection.begin(action);
      const { accepted } = begun;
      if (accepted.job === undefined && onResult !== undefined) {
        onResult(accepted.result);
        return 0;
      }
      return isDone(await followJob({ ...begun, place: connection.place }, io)) ? 0 : 1;
    },
    // The same command again might do it twice.
    onInterrupt: () => {
      const look = commandLine("mypaas", "releases", action.service, ...option("-r", remote));
      return `detached; the ${action.action} continues on the server, see how it ends with: ${look}`;
    },
  });
}

/** True when what was asked for is live now. */
export const isLive = (last: LoggedEvent | undefined): boolean =>
  last?.kind === "live" || last?.kind === "unchanged";
