import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import { chooseContext, readSourceTree, type SourceTree } from "../adapters/source-tree.ts";
import { followEvents } from "../adapters/wire-events.ts";
import { upload } from "../adapters/wire-upload.ts";
import type { WireRequest } from "../adapters/wire-client.ts";
import { parseDockerfile } from "../core/dockerfile.ts";
import { UserError } from "../core/errors.ts";
import { isLast } from "../core/event-reader.ts";
import { checkManifest } from "../core/manifest.ts";
import { formatProblem, problemsError } from "../core/problems.ts";
import { warnOfRiskyFiles } from "../core/risky-files.ts";
import type { Accepted, PushManifest, PushOptions } from "../core/wire.ts";
import type { Connection } from "./connect.ts";
import type { CommandIo, ExitCode } from "./io.ts";

export interface PushStory {
  /** Absolute path. */
  readonly dockerfile: string;
  /** `--context DIR`. */
  readonly context: string | undefined;
  readonly options: PushOptions;
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
    await sendMissing({ accepted, request, tree }, io);
    const started = accepted.job === undefined ? await request.start() : accepted;
    isStarted = true;
    if (started.attached && started.job !== undefined)
      io.say({ kind: "attached", job: started.job });
    return await follow(request, connection.place, io);
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

async function checkDockerfile({ dockerfile }: PushStory, io: CommandIo): Promise<string> {
  const file = shown(dockerfile, io);
  const { spec, problems, warnings } = parseDockerfile(await readFile(dockerfile), file);
  if (!spec) throw problemsError(problems);
  for (const warning of warnings)
    io.say({
      kind: "warning",
      text: formatProblem(warning),
      ...(warning.hint === undefined ? {} : { hint: warning.hint }),
    });
  return spec.service;
}

async function readContext(story: PushStory, io: CommandIo) {
  const { dockerfile, options } = story;
  const { cwd, interrupted } = io.world;
  const context =
    story.context === undefined ? chooseContext(dockerfile, cwd) : resolve(cwd, story.context);
  io.say({ kind: "step", text: `reading ${shown(context, io) || "."} …` });
  const tree = await readSourceTree({ dockerfile, context, signal: interrupted });
  for (const text of tree.notes) io.say({ kind: "note", text });
  const push: PushManifest = { dockerfile: tree.dockerfile, entries: tree.entries, options };
  const problems = checkManifest(push);
  if (problems.length > 0)
    throw new UserError(`build context ${context}: cannot be pushed as it is`, {
      code: "manifest",
      hint: "correct them, or list them in .dockerignore",
      details: problems,
    });
  const warning = warnOfRiskyFiles(tree.entries);
  if (warning) io.say(warning);
  return { tree, push };
}

/** The path as the person who typed the command would write it. */
function shown(path: string, { world }: CommandIo): string {
  const short = relative(world.cwd, path);
  return short.startsWith("..") ? path : short;
}

interface Sending {
  readonly accepted: Accepted;
  readonly request: WireRequest;
  readonly tree: SourceTree;
}

async function sendMissing({ accepted, request, tree }: Sending, io: CommandIo): Promise<void> {
  const { missing } = accepted;
  if (accepted.job !== undefined || missing.length === 0) return;
  const { now, interrupted: signal } = io.world;
  await upload({ request, missing, files: tree.files, onProgress: io.say, now, signal });
}

async function follow(request: WireRequest, place: string, io: CommandIo): Promise<ExitCode> {
  let code: ExitCode = 1;
  for await (const event of followEvents({ request, place, signal: io.world.interrupted })) {
    io.say(event);
    if (isLast(event)) code = event.kind === "live" || event.kind === "unchanged" ? 0 : 1;
  }
  return code;
}
