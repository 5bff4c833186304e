import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  chooseContext,
  dockerfilesOf,
  fileAt,
  ignoreFilesOf,
  procfileAt,
  type ChosenContext,
} from "../../core/push/archive-context.ts";
import { maxDockerfileBytes } from "../../core/dockerfile/parse.ts";
import { maxProcfileBytes, type ProcfileText } from "../../core/dockerfile/procfile.ts";
import type { MadeDockerfile } from "../../core/generate/generate.ts";
import { madeOr } from "../../core/generate/made.ts";
import { badArchive } from "../../core/push/archive.ts";
import { foldersAbove, shownPath } from "../../core/push/manifest.ts";
import type { Taken } from "./taken.ts";

export interface ArchiveContext extends ChosenContext {
  /** The Dockerfile itself. */
  readonly text: Uint8Array;
  /** What is in its Procfile. */
  readonly procfile?: ProcfileText;
}

/** Reads the Dockerfile of an archive that was taken into a folder, and chooses what is sent with it; undefined where there is none at this path. */
export async function readArchiveContext(
  taken: Taken,
  into: string,
  { path, name }: { readonly path: string; readonly name: string },
): Promise<ArchiveContext | undefined> {
  const dockerfile = fileAt(taken, path);
  if (dockerfile === undefined) return undefined;
  if (dockerfile.size > maxDockerfileBytes)
    throw badArchive(
      name,
      `${shownPath(path)}: has ${dockerfile.size} bytes, too many for a Dockerfile`,
    );
  const read = ({ sha256 }: { readonly sha256: string }) => readFile(join(into, sha256));
  const rules = ignoreFilesOf(path)
    .map((file) => ({ file, entry: taken.entries.find((one) => one.path === file) }))
    .find(({ entry }) => entry !== undefined && "sha256" in entry);
  const ignore =
    rules?.entry !== undefined && "sha256" in rules.entry
      ? { file: rules.file, text: (await read(rules.entry)).toString("utf8") }
      : undefined;
  const chosen = chooseContext(taken, dockerfile, { path, ...(ignore && { ignore }) });
  const procfile = procfileAt(taken, chosen.dockerfile);
  if (procfile !== undefined && procfile.size > maxProcfileBytes)
    throw badArchive(
      name,
      `${shownPath(procfile.path)}: has ${procfile.size} bytes, too many for a Procfile`,
    );
  return {
    ...chosen,
    text: await read(dockerfile),
    ...(procfile !== undefined && {
      procfile: { bytes: await read(procfile), file: `${name}:${shownPath(procfile.path)}` },
    }),
  };
}

export interface MakeAsked {
  readonly path: string;
  readonly name: string;
  /** Names the service of a made Dockerfile where nothing else does. */
  readonly called: string;
  /** What to do where a hint would push another folder. */
  readonly hint?: string;
  readonly onMade: (made: MadeDockerfile) => void;
}

/** The same, and with a Dockerfile that is made where no file is called like one. Throws UserError with the one question. */
export async function readOrMakeContext(
  taken: Taken,
  into: string,
  asked: MakeAsked,
): Promise<ArchiveContext | undefined> {
  const own = await readArchiveContext(taken, into, asked);
  const isAsked = asked.path === "Dockerfile" && dockerfilesOf(taken).length === 0;
  return own ?? (isAsked ? makeContext(taken, into, asked) : undefined);
}

/** With the lines of a .dockerignore where there is none. */
async function makeContext(
  taken: Taken,
  into: string,
  { name, called, onMade, ...asked }: MakeAsked,
): Promise<ArchiveContext> {
  const { generateFrom } = await import("../../core/generate/from-entries.ts");
  const { entries } = taken;
  const read = ({ sha256 }: { readonly sha256: string }) => readFile(join(into, sha256));
  const made = madeOr(await generateFrom({ entries, name: called, read }), {
    ...asked,
    place: name,
  });
  onMade(made);
  const text = Buffer.from(made.dockerfile);
  const sha256 = createHash("sha256").update(text).digest("hex");
  await writeFile(join(into, sha256), text);
  const own = fileAt(taken, ".dockerignore");
  const rules = own === undefined ? made.dockerignore : new TextDecoder().decode(await read(own));
  const file = { path: "", mode: 0o644, size: text.length, sha256 };
  const ignore = { file: ".dockerignore", text: rules };
  return { ...chooseContext(taken, file, { path: "Dockerfile", ignore }), text };
}

/** A pointer of git-lfs is shorter. */
const maxPointerBytes = 1024;
const maxAttributes = 200;

/** Paths of files among `sent` that are pointers of git-lfs: what stands there is not what the project means. */
export async function lfsPointers(
  { entries }: Taken,
  sent: Pick<Taken, "entries">,
  into: string,
): Promise<readonly string[]> {
  const start = async (sha256: string) => (await readFile(join(into, sha256))).toString("latin1");
  const filesIn = (all: Taken["entries"]) =>
    all.flatMap((entry) => ("sha256" in entry ? [entry] : []));
  const attributes = filesIn(entries).filter(({ path }) => /(?:^|\/)\.gitattributes$/.test(path));
  let usesLfs = false;
  for (const { sha256, size } of attributes.slice(0, maxAttributes))
    usesLfs ||= size < maxDockerfileBytes && (await start(sha256)).includes("filter=lfs");
  if (!usesLfs) return [];
  const pointers: string[] = [];
  for (const { path, sha256, size } of filesIn(sent.entries))
    if (size > 100 && size < maxPointerBytes && (await start(sha256)).startsWith(pointerStart))
      pointers.push(path);
  return pointers;
}

const pointerStart = "version https://git-lfs.github.com/spec/";

/** Empty folders of what `git archive` wrote: git keeps none, so these are submodules that it left out. */
export function emptySubmodules({ commit, folders, entries }: Taken): readonly string[] {
  if (commit === undefined) return [];
  const full = new Set([...folders, ...entries].flatMap(({ path }) => foldersAbove(path)));
  return folders.map(({ path }) => path).filter((path) => !full.has(path));
}
