import { FileChanged } from "../../adapters/laptop/source-file.ts";
import { changedSince, type SourceTree } from "../../adapters/laptop/source-tree.ts";
import { upload } from "../../adapters/wire/upload.ts";
import type { Begun, Connection } from "../connect/connect.ts";
import type { CommandIo, ExitCode } from "../command.ts";
import { followJob, isLive, sayBroken } from "../connect/follow-job.ts";
import { sayWhenSlow } from "../connect/say-when-slow.ts";
import { beginPush, projectOf } from "./begin-push.ts";
import type { PushManifest } from "../../core/actions/push.ts";
import { shownPath } from "../../core/push/manifest.ts";
import { askWithManifest } from "./ask-older.ts";
import type { OpenedPush } from "./push-context.ts";

export interface Push {
  /** Checks and reads what is to be pushed. */
  readonly open: () => Promise<OpenedPush>;
  /** Called when everything that can be checked here is fine. */
  readonly connect: () => Promise<Connection>;
  /** The command that comes back to the job after Ctrl-C. */
  readonly again: string;
}

/** Files may change while they are sent; then the push begins again, so many times at most. */
const maxTries = 4;

/** Checks, sends what is missing, starts the job and says its events; 0 live or unchanged, 1 failed or superseded by another push, 130 interrupted. */
export async function runPush(wanted: Push, io: CommandIo): Promise<ExitCode> {
  const signal = io.world.interrupted;
  let isStarted = false;
  let connection: Connection | undefined;
  try {
    const opened = await wanted.open();
    connection = await wanted.connect().catch((error: unknown) => {
      opened.first.tree.close();
      throw error;
    });
    const begun = await sendAll(opened, connection, io);
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

/** Sends all files as they were read. Where one has changed before its bytes were sent, all are read again, and this time the bytes of those that change are kept. */
async function sendAll(opened: OpenedPush, connection: Connection, io: CommandIo) {
  const { spec, first, place, from, readAgain } = opened;
  const changing = new Set<string>();
  const { service } = spec;
  const project = await projectOf(spec, place, io);
  let context = first;
  for (let tried = 1; ; tried += 1) {
    const { tree, push } = context;
    try {
      const ask = (asked: PushManifest) =>
        beginPush(connection, { service, push: asked, project, from }, io);
      const begun = await askWithManifest(push, ask, io);
      await sendMissing(begun, tree, io);
      return begun;
    } catch (error) {
      if (!(error instanceof FileChanged) || tried === maxTries || readAgain === undefined)
        throw error;
      for (const path of [error.path, ...changedSince(tree)]) changing.add(path);
      const text = `${shownPath(error.path)}: changed while it was being sent, reading again …`;
      io.say({ kind: "note", text });
    } finally {
      tree.close();
    }
    context = await readAgain(changing);
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
