import type { SourceTree } from "../../adapters/laptop/source-tree.ts";
import { upload } from "../../adapters/wire/upload.ts";
import type { WireRequest } from "../../adapters/wire/client.ts";
import type { Accepted } from "../../core/wire/protocol.ts";
import type { Connection } from "../connect/connect.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { followJob, sayBroken } from "../connect/follow-job.ts";
import { isLive } from "../connect/job-command.ts";
import { sayWhenSlow } from "../connect/say-when-slow.ts";
import { option } from "../output/shell-words.ts";
import type { BuildArgs } from "./options.ts";
import { checkDockerfile, readContext, type PushSource } from "./push-context.ts";

export interface Push extends PushSource {
  /** Called when everything that can be checked here is fine. */
  readonly connect: () => Promise<Connection>;
  /** The command that comes back to the job after Ctrl-C. */
  readonly again: string;
}

/** Checks, sends what is missing, starts the job and says its events; 0 live or unchanged, 1 failed or superseded by another push, 130 interrupted. */
export async function runPush(wanted: Push, io: CommandIo): Promise<ExitCode> {
  const signal = io.world.interrupted;
  let isStarted = false;
  let connection: Connection | undefined;
  try {
    const service = await checkDockerfile(wanted, io);
    const { tree, push } = await readContext(wanted, io);
    connection = await wanted.connect();
    const { place } = connection;
    const { accepted, request } = await connection.begin({ action: "push", service, push });
    await sendMissing({ accepted, request, tree, place }, io);
    const started = accepted.job === undefined ? await start(request, connection, io) : accepted;
    isStarted = true;
    return isLive(await followJob({ accepted: started, request, place }, io)) ? 0 : 1;
  } catch (error) {
    if (!signal.aborted) throw error;
    const text = isStarted
      ? `detached; the deploy continues on the server, follow it again with: ${wanted.again}`
      : `interrupted; nothing was deployed, go on with: ${wanted.again}`;
    io.say({ kind: "note", text });
    return 130;
  } finally {
    await connection?.close();
  }
}

interface Sending {
  readonly accepted: Accepted;
  readonly request: WireRequest;
  readonly tree: SourceTree;
  readonly place: string;
}

async function sendMissing(sending: Sending, io: CommandIo): Promise<void> {
  const { accepted, request, tree, place } = sending;
  const { missing } = accepted;
  if (accepted.job !== undefined || missing.length === 0) return;
  const { now, interrupted: signal } = io.world;
  const { files } = tree;
  const onBroken = () => sayBroken(place, io);
  await upload({ request, missing, files, onProgress: io.say, onBroken, now, signal });
}

const start = (request: WireRequest, { place }: Connection, { say }: CommandIo) =>
  sayWhenSlow(say, `waiting for ${place} to check the upload …`, request.start());

/** The options that a second call needs to meet the same job. */
export const optionsAgain = (args: BuildArgs): readonly string[] => [
  ...option("--context", args.context),
  ...option("--take-from", args.takeFrom),
  ...(args.pull === true ? ["--pull"] : []),
  ...(args.cache ? [] : ["--no-cache"]),
];
