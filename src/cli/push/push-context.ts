import { stat } from "node:fs/promises";
import { dirname, relative, resolve } from "node:path";
import {
  chooseContext,
  readSourceTree,
  type SourceTree,
} from "../../adapters/laptop/source-tree.ts";
import { parseDockerfile } from "../../core/dockerfile/parse.ts";
import type { ProcfileText } from "../../core/dockerfile/procfile.ts";
import { UserError } from "../../core/errors.ts";
import { formatBytes, formatFiles } from "../../core/format.ts";
import { checkManifest } from "../../core/push/manifest.ts";
import { filesOf } from "../../core/push/older-servers.ts";
import { formatProblem, problemsError } from "../../core/dockerfile/problems.ts";
import { warnOfRiskyFiles } from "../../core/push/risky-files.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { PushFrom, PushManifest, PushOptions } from "../../core/actions/push.ts";
import { readDockerfile, readProcfile } from "../input/dockerfile-path.ts";
import type { MadeDockerfile } from "../../core/generate/generate.ts";
import { hintFields } from "../../core/hints.ts";
import type { CommandIo } from "../command.ts";

/** What is to be pushed, as it was typed. */
export interface PushSource {
  /** Absolute path. */
  readonly dockerfile: string;
  /** `--context DIR`. */
  readonly context: string | undefined;
  /** `--service NAME`, for a Dockerfile that names none. */
  readonly service?: string | undefined;
  /** What stands for the Dockerfile where there is none. */
  readonly made?: Pick<MadeDockerfile, "dockerfile" | "dockerignore"> | undefined;
  readonly options: PushOptions;
}

/** Files as they were read once. */
export interface PushContext {
  readonly tree: SourceTree;
  readonly push: PushManifest;
}

/** What is about to be sent, whatever it was read from. */
export interface OpenedPush {
  readonly spec: ServiceSpec;
  readonly first: PushContext;
  /** Where it lies, for the server to tell projects apart. */
  readonly place: { readonly dockerfile: string; readonly context: string };
  readonly from: PushFrom;
  /** What a plan tells the server, because it uploads nothing. */
  readonly texts: PushTexts;
  /** Reads all again, and keeps the bytes of these files; left out for what does not change. */
  readonly readAgain?: (changing: ReadonlySet<string>) => Promise<PushContext>;
}

/** The files of a push that say what its service is. */
export interface PushTexts {
  readonly dockerfile: Uint8Array;
  readonly procfile?: Uint8Array | undefined;
  /** The config of an image. */
  readonly config?: Uint8Array;
}

/** Checks and reads a folder; the caller closes its tree. */
export async function openFolder(source: PushSource, io: CommandIo): Promise<OpenedPush> {
  const { dockerfile } = source;
  const { env } = io.world;
  const { spec, ...texts } = await checkSource(source, io);
  const { readCommit } = await import("../../adapters/laptop/commit.ts");
  const commit = readCommit(dirname(dockerfile), env);
  const { context, ...first } = await readContext(source, io);
  return {
    spec,
    first,
    place: { dockerfile, context },
    from: { kind: "folder", ...(await commit) },
    texts,
    readAgain: (changing) => readContext(source, io, changing),
  };
}

/** The text of its Dockerfile, its Procfile and the service that they describe; throws UserError with everything that is wrong in them. */
async function checkSource({ dockerfile, context, made, service }: PushSource, io: CommandIo) {
  const file = shown(dockerfile, io);
  const bytes =
    made === undefined ? await readDockerfile(dockerfile, file) : Buffer.from(made.dockerfile);
  const procfile = await readProcfile(dockerfile, io.world.cwd, context);
  const spec = checkText({ bytes, file, service, procfile }, io);
  return { dockerfile: bytes, procfile: procfile?.bytes, spec };
}

interface DockerfileText {
  readonly bytes: Uint8Array;
  /** What messages call it. */
  readonly file: string;
  readonly service: string | undefined;
  /** The Procfile that belongs to it. */
  readonly procfile?: ProcfileText | undefined;
}

/** The same for what has been read. */
export function checkText(
  { bytes, file, service, procfile }: DockerfileText,
  io: CommandIo,
): ServiceSpec {
  const { spec, problems, warnings } = parseDockerfile(bytes, file, service, procfile);
  if (!spec) throw problemsError(problems);
  for (const warning of warnings)
    io.say({ kind: "warning", text: formatProblem(warning), ...hintFields(warning.hint) });
  if (service === undefined || spec.service === service) return spec;
  throw new UserError(`${file}: mypaas.servicename is "${spec.service}", not "${service}"`, {
    code: "wrong-service",
    hint: "leave the name out, or remove the line from the Dockerfile",
  });
}

/** Reads and checks the files; reports their number and those that look like secrets. The caller closes the tree. The bytes of files that are known to be changing are kept. */
async function readContext(source: PushSource, io: CommandIo, changing?: ReadonlySet<string>) {
  const { dockerfile, options, made } = source;
  const { cwd, interrupted } = io.world;
  const context =
    source.context === undefined
      ? chooseContext(dockerfile, cwd)
      : await findFolder(source.context, cwd);
  const name = shown(context, io) || "this folder";
  io.say({ kind: "step", text: `reading ${name} …` });
  const onRead = sayReading(name, io);
  const place = { dockerfile, context, made, signal: interrupted, onRead };
  const tree = await readSourceTree({ ...place, ...(changing && { changing }) });
  try {
    return { tree, context, push: checkTree({ context, tree, options }, io) };
  } catch (error) {
    tree.close();
    throw error;
  }
}

interface Read {
  readonly context: string;
  readonly tree: SourceTree;
  readonly options: PushOptions;
}

/** The manifest of what was read; throws UserError with everything that is wrong in it. */
export function checkTree({ context, tree, options }: Read, io: CommandIo): PushManifest {
  const bytes = tree.entries.reduce((sum, entry) => sum + ("size" in entry ? entry.size : 0), 0);
  const found = `${formatFiles(tree.entries.length)}, ${formatBytes(bytes)}`;
  io.say({ kind: "step", text: `found ${found}` });
  for (const text of tree.notes) io.say({ kind: "note", text });
  const push: PushManifest = { ...filesOf(tree), options };
  const problems = checkManifest(push);
  if (problems.length > 0)
    throw new UserError(`build context ${context}: cannot be pushed`, {
      code: "manifest",
      hint: "correct them, or list them in .dockerignore",
      details: problems,
    });
  const warning = warnOfRiskyFiles(tree.entries);
  if (warning) io.say(warning);
  return push;
}

async function findFolder(given: string, cwd: string): Promise<string> {
  const folder = resolve(cwd, given);
  const facts = await stat(folder).catch(() => undefined);
  if (facts?.isDirectory() === true) return folder;
  throw new UserError(`--context ${given}: no such folder`, {
    code: "no-context",
    hint: "name the folder that holds what the Dockerfile copies, or leave --context out",
  });
}

/** Every 5 s a line, so that a large folder does not look like a standstill. */
export function sayReading(name: string, { world, say }: CommandIo): (bytes: number) => void {
  let read = 0;
  let spoken = world.now();
  return (bytes) => {
    read += bytes;
    if (world.now() - spoken < 5000) return;
    spoken = world.now();
    say({ kind: "step", text: `reading ${name} … ${formatBytes(read)} so far` });
  };
}

/** The path relative to the current folder, where it is below it. */
function shown(path: string, { world }: CommandIo): string {
  const short = relative(world.cwd, path);
  return short.startsWith("..") ? path : short;
}
