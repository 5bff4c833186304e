import { mkdtemp, rm } from "node:fs/promises";
import { rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { ArchiveContext } from "../../adapters/archive/archive-context.ts";
import type { Taken, TakeLimits } from "../../adapters/archive/taken.ts";
import type { SourceFile } from "../../adapters/laptop/source-file.ts";
import type { PushFrom, PushOptions } from "../../core/actions/push.ts";
import { UserError } from "../../core/errors.ts";
import { isThere } from "../../adapters/files.ts";
import { shortList } from "../../core/format.ts";
import { command, hint, hintFields, type Hint } from "../../core/hints.ts";
import { dockerfilesOf } from "../../core/push/archive-context.ts";
import { shownPath } from "../../core/push/manifest.ts";
import { plainText } from "../../core/terminal-text.ts";
import type { CommandIo } from "../command.ts";
import { commandLine } from "../output/shell-words.ts";
import { checkText, checkTree, sayReading, type OpenedPush } from "./push-context.ts";

/** An archive that is to be pushed, as it was typed. */
export interface ArchiveSource {
  /** The command that was typed. */
  readonly commandName: string;
  /** Its path, or `-` for what comes in on stdin. */
  readonly file: string;
  /** `--dockerfile PATH`, in the archive. */
  readonly dockerfile?: string | undefined;
  readonly service?: string | undefined;
  readonly options: PushOptions;
}

/** Takes an archive into a temporary folder, and opens it as a folder with its files would be. */
export async function openArchive(source: ArchiveSource, io: CommandIo): Promise<OpenedPush> {
  const { file, dockerfile = "Dockerfile", commandName } = source;
  const { cwd, stdin } = io.world;
  const isPiped = file === "-";
  const name = isPiped ? "the archive on stdin" : plainText(basename(file));
  const at = isPiped ? cwd : resolve(cwd, file);
  if (isPiped && stdin.isTTY === true)
    throw new UserError(`${commandName} -: stdin is a terminal, not an archive`, {
      code: "usage",
      hint: hint`send one: git archive HEAD | ${command(`${commandName} -`)}`,
    });
  if (!isPiped && !(await isThere(at)))
    throw new UserError(`${plainText(file)}: no such file`, {
      code: "no-dockerfile",
      hint: hint`name an archive, a Dockerfile or its folder: ${command(`${commandName} app.tar.gz`)}`,
    });
  const { takeArchive, takeArchiveFile } = await import("../../adapters/archive/take-archive.ts");
  const take = (into: string, limits: TakeLimits) =>
    isPiped
      ? takeArchive(stdin as AsyncIterable<Uint8Array>, into, limits)
      : takeArchiveFile(at, into, limits);
  const typed = (path: string) =>
    hint`name it: ${command(commandLine(commandName, file, "--dockerfile", path))}`;
  return openTaken(
    {
      ...source,
      name,
      path: dockerfile,
      folder: isPiped ? cwd : dirname(at),
      ...(!isPiped && { called: basename(file).replace(/\.(?:zip|tgz|tar(?:\.\w+)?)$/i, "") }),
      take,
      nameDockerfile: typed,
      from: ({ commit }) => ({ kind: "archive", ...(commit !== undefined && { commit }) }),
    },
    io,
  );
}

/** Code that is taken into a folder as an archive is. */
export interface TakenSource {
  /** What messages call it. */
  readonly name: string;
  /** Path of the Dockerfile in it. */
  readonly path: string;
  /** The folder on this machine that it belongs to. */
  readonly folder: string;
  /** Names the service of a made Dockerfile; the folder does where it is left out. */
  readonly called?: string | undefined;
  readonly service?: string | undefined;
  readonly options: PushOptions;
  readonly take: (into: string, limits: TakeLimits) => Promise<Taken>;
  /** The hint that names another Dockerfile. */
  readonly nameDockerfile: (path: string) => Hint;
  readonly from: (taken: Taken) => PushFrom;
}

/** Takes it, checks its Dockerfile, and chooses what is sent; the caller closes its tree. */
export async function openTaken(source: TakenSource, io: CommandIo): Promise<OpenedPush> {
  const { name, path, folder, called = basename(folder), service, options } = source;
  const { env, interrupted: signal } = io.world;
  const into = await mkdtemp(join(env["TMPDIR"] ?? tmpdir(), "mypaas-"));
  // At once: the program may end right after.
  const close = () => rmSync(into, { recursive: true, force: true });
  try {
    io.say({ kind: "step", text: `reading ${name} …` });
    const limits = { name, stripTop: true, signal, onRead: sayReading(name, io) };
    const taken = await source.take(into, limits);
    const { readOrMakeContext } = await import("../../adapters/archive/archive-context.ts");
    const { sayMade } = await import("./make-dockerfile.ts");
    const chosen = await readOrMakeContext(taken, into, {
      path,
      name,
      called: service ?? called,
      onMade: (made) => sayMade(made, undefined, io),
    });
    if (chosen === undefined) throw noDockerfile(source, taken);
    const spec = checkText(
      {
        bytes: chosen.text,
        file: `${name}:${shownPath(path)}`,
        service,
        procfile: chosen.procfile,
      },
      io,
    );
    await warnOfGaps(taken, chosen, into, io);
    const tree = { ...chosen, files: blobsIn(into, chosen), notes: [], close };
    const push = checkTree({ context: name, tree, options }, io);
    return {
      spec,
      first: { tree, push },
      place: { dockerfile: join(folder, path), context: folder },
      from: source.from(taken),
      texts: { dockerfile: chosen.text, procfile: chosen.procfile?.bytes },
    };
  } catch (error) {
    await rm(into, { recursive: true, force: true });
    throw error;
  }
}

function noDockerfile({ name, path, nameDockerfile }: TakenSource, taken: Taken): UserError {
  const found = dockerfilesOf(taken);
  const [first = "path/to/Dockerfile"] = found;
  return new UserError(`${name}: no ${shownPath(path)} in it`, {
    code: "no-dockerfile",
    hint: nameDockerfile(first),
    details: found.slice(0, 10).map((one) => `there is ${shownPath(one)}`),
  });
}

/** Warns of what `git archive` leaves out without a word. */
async function warnOfGaps(taken: Taken, chosen: ArchiveContext, into: string, { say }: CommandIo) {
  const { emptySubmodules, lfsPointers } =
    await import("../../adapters/archive/archive-context.ts");
  const named = (paths: readonly string[]) => shortList(paths.map(shownPath));
  const submodules = emptySubmodules(taken);
  if (submodules.length > 0)
    say({
      kind: "warning",
      text: `${named(submodules)}: empty, because git archive leaves submodules out`,
      ...hintFields(
        hint`push the folder: ${command("push")}, or use git push: ${command("git add")}`,
      ),
    });
  const pointers = await lfsPointers(taken, chosen, into);
  if (pointers.length > 0)
    say({
      kind: "warning",
      text: `${named(pointers)}: a pointer of git-lfs is sent instead of the file`,
      ...hintFields("install git-lfs and get the files: git lfs install && git lfs pull"),
    });
}

/** Where the bytes of each sha256 are. */
function blobsIn(into: string, { entries }: ArchiveContext): ReadonlyMap<string, SourceFile> {
  const files = new Map<string, SourceFile>();
  for (const entry of entries) {
    if (!("sha256" in entry) || files.has(entry.sha256)) continue;
    const { path, size, sha256 } = entry;
    const absolute = join(into, sha256);
    const modifiedMs = statSync(absolute).mtimeMs;
    files.set(sha256, { path, absolute, size, sha256, modifiedMs, mark: "" });
  }
  return files;
}
