import type { SourceTree } from "../adapters/laptop/source-tree.ts";
import { followEvents } from "../adapters/wire/events.ts";
import { upload } from "../adapters/wire/upload.ts";
import type { WireRequest } from "../adapters/wire/client.ts";
import { isLast } from "../core/wire/event-reader.ts";
import type { Accepted } from "../core/wire/protocol.ts";
import type { Connection } from "./connect.ts";
import type { CommandIo, ExitCode } from "./io.ts";
import { sayWhenSlow } from "./patience.ts";
import { checkDockerfile, readContext, type PushSource } from "./push-context.ts";
import { option } from "./shell-words.ts";

export interface PushStory extends PushSource {
  /** Called when everything that can be checked here is fine. */
  readonly connect: () => Promise<Connection>;
  /** The command that comes back to the job after Ctrl-C. */
  readonly again: string;
}

/** Checks, sends what is missing, starts the job and says its events; 0 live or unchanged, 1 failed or superseded by another push, 130 interrupted. */
export async function pushStory(story: PushStory, io: CommandIo): Promise<ExitCode> {
  const signal = io.world.interrupted;
  let isStarted = false;
  let connection: Connection | undefined;
  try {
    const service = await checkDockerfile(story, io);
    const { tree, push } = await readContext(story, io);
    connection = await story.connect();
    const { accepted, request } = await connection.begin({ action: "push", service, push });
    const onBroken = () => {
      const text = `the line to ${connection?.place} is broken, trying again …`;
      io.say({ kind: "note", text });
    };
    await sendMissing({ accepted, request, tree, onBroken }, io);
    const started = accepted.job === undefined ? await start(request, connection, io) : accepted;
    isStarted = true;
    const { place } = connection;
    return await follow({ started, request, place, onBroken, again: story.again }, io);
  } catch (error) {
    if (!signal.aborted) throw error;
    const text = isStarted
      ? `detached; the deploy goes on without you, follow it again with: ${story.again}`
      : `interrupted; nothing was deployed, go on with: ${story.again}`;
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
  readonly onBroken: () => void;
}

async function sendMissing(sending: Sending, io: CommandIo): Promise<void> {
  const { accepted, request, tree, onBroken } = sending;
  const { missing } = accepted;
  if (accepted.job !== undefined || missing.length === 0) return;
  const { now, interrupted: signal } = io.world;
  const { files } = tree;
  await upload({ request, missing, files, onProgress: io.say, onBroken, now, signal });
}

const start = (request: WireRequest, { place }: Connection, { say }: CommandIo) =>
  sayWhenSlow(say, `waiting for ${place} to check what arrived …`, request.start());

interface Follow {
  readonly started: Accepted;
  readonly request: WireRequest;
  readonly place: string;
  readonly onBroken: () => void;
  readonly again: string;
}

async function follow(following: Follow, io: CommandIo): Promise<ExitCode> {
  const { started, ...log } = following;
  const { attached, job } = started;
  const isAttached = attached === true && job !== undefined;
  if (isAttached) io.say({ kind: "attached", job });
  let code: ExitCode = 1;
  for await (const event of followEvents({ ...log, signal: io.world.interrupted })) {
    // Which job it is has just been said.
    if (isAttached && event.kind === "queued" && event.behind === 0) continue;
    io.say(event);
    if (isLast(event)) code = event.kind === "live" || event.kind === "unchanged" ? 0 : 1;
  }
  return code;
}

/** The options that a second call needs to meet the same job. */
export const optionsAgain = (args: {
  readonly context?: string | undefined;
  readonly pull?: boolean;
  readonly cache: boolean;
}): readonly string[] => [
  ...option("--context", args.context),
  ...(args.pull === true ? ["--pull"] : []),
  ...(args.cache ? [] : ["--no-cache"]),
];
