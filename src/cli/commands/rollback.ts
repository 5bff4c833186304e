import { UserError } from "../../core/errors.ts";
import { connect } from "../connect.ts";
import { followJob, isLive, untilInterrupted } from "../follow-job.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { serviceArgument } from "../service-argument.ts";
import { commandLine, option } from "../shell-words.ts";

export interface RollbackArgs {
  readonly service: string;
  /** Its number; without it what was live before. */
  readonly release?: string | undefined;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
}

/** `mypaas rollback SERVICE [RELEASE]`: 0 live, 1 not. */
export async function rollback(args: RollbackArgs, io: CommandIo): Promise<ExitCode> {
  const { remote } = args;
  const service = serviceArgument(args.service, "rollback");
  const release = args.release === undefined ? {} : { release: readNumber(args.release) };
  const connection = await connect(io, remote, args);
  return untilInterrupted(connection, io, {
    work: async () => {
      const begun = await connection.begin({ action: "rollback", service, ...release });
      const last = await followJob({ ...begun, place: connection.place }, io);
      return isLive(last) ? 0 : 1;
    },
    // The same command again would go further back.
    onInterrupt: () => {
      const look = commandLine("mypaas", "releases", service, ...option("-r", remote));
      return `detached; the rollback goes on without you, see how it ends with: ${look}`;
    },
  });
}

function readNumber(word: string): number {
  if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
  throw new UserError(`rollback: should be the number of a release, got ${JSON.stringify(word)}`, {
    code: "usage",
    hint: "see the numbers: mypaas releases",
  });
}
