import type { SourceTree } from "../../adapters/laptop/source-tree.ts";
import { upload } from "../../adapters/wire/upload.ts";
import type { Begun, Connection } from "../connect/connect.ts";
import type { CommandIo, ExitCode } from "../command.ts";
import { followJob, isLive, sayBroken } from "../connect/follow-job.ts";
import { sayWhenSlow } from "../connect/say-when-slow.ts";
import { beginPush, projectOf } from "./begin-push.ts";
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
    const spec = await checkDockerfile(wanted.dockerfile, io);
    const { tree, push, context } = await readContext(wanted, io);
    const project = await projectOf(spec, { dockerfile: wanted.dockerfile, context }, io);
    connection = await wanted.connect();
    const begun = await beginPush(connection, { service: spec.service, push, project }, io);
    await sendMissing(begun, tree, io);
    const accepted = begun.accepted.job === undefined ? await start(begun, io) : begun.accepted;
    isStarted = true;
    return isLive(await followJob({ ...begun, accepted }, io)) ? 0 : 1;
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

async function sendMissing(
  { accepted, request, place }: Begun,
  { files }: SourceTree,
  io: CommandIo,
): Promise<void> {
  const { missing } = accepted;
  if (accepted.job !== undefined || missing.length === 0) return;
  const { now, interrupted: signal } = io.world;
  const onBroken = () => sayBroken(place, io);
  await upload({ request, missing, files, onProgress: io.say, onBroken, now, signal });
}

const start = ({ request, place }: Begun, { say }: CommandIo) =>
  sayWhenSlow(say, `waiting for ${place} to check the upload …`, request.start());
