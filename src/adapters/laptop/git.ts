import { commitForm } from "../../core/name-forms.ts";
import { execFile, spawn } from "node:child_process";
import { join } from "node:path";
import type { Taken, TakeLimits } from "../archive/taken.ts";
import { takeTar } from "../archive/take-tar.ts";
import { UserError } from "../../core/errors.ts";
import { byPath, shownPath } from "../../core/push/manifest.ts";
import { plainText } from "../../core/terminal-text.ts";
import { commitOf, type Commit } from "../../core/push/from.ts";

/** Where git runs: the folder and environment that it was called with. */
export interface GitPlace {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

/** What git answers without its last line end; undefined where it fails. Throws UserError without git. */
export function askGit(place: GitPlace, ...args: readonly string[]): Promise<string | undefined> {
  const { cwd, env, signal } = place;
  const options = { cwd, env: { ...env }, maxBuffer: 256 * 1024 * 1024, ...(signal && { signal }) };
  return new Promise((done, fail) => {
    execFile("git", [...args], options, (error, out) => {
      if (error?.code === "ENOENT") fail(noGit(error));
      else if (error?.name === "AbortError") fail(error);
      else done(error === null ? out.replace(/\n$/, "") : undefined);
    });
  });
}

const noGit = (cause: unknown): UserError =>
  new UserError("git: no such program on this machine", {
    code: "no-git",
    hint: "install it: https://git-scm.com/downloads",
    cause,
  });

/** The commit that a name means, with what people know it by; undefined for a name that is none. */
export async function findCommit(
  place: GitPlace,
  name: string,
): Promise<(Commit & { readonly commit: string }) | undefined> {
  const commit = await askGit(place, "rev-parse", "--quiet", "--verify", `${name}^{commit}`);
  if (commit === undefined || !commitForm.test(commit)) return undefined;
  const subject = await askGit(place, "log", "-1", "--no-show-signature", "--format=%s", commit);
  const branch = /^refs\/heads\/(.+)$/s.exec(name)?.[1];
  return { ...commitOf({ commit, branch, subject: subject ?? "", isDirty: false }), commit };
}

/** Takes a commit as `git archive` writes it, with the submodules that are there; throws UserError with one that is not. */
export async function takeCommit(
  place: GitPlace,
  commit: string,
  into: string,
  limits: TakeLimits,
): Promise<Taken> {
  const own = await takeTar(archive(place, commit), into, { ...limits, stripTop: false });
  const parts: Taken[] = [own];
  for (const link of await submodulesOf(place, commit)) {
    const inside = await submodulePlace(place, link);
    const taken = await takeCommit(inside, link.commit, into, limits);
    parts.push(below(link.path, taken));
  }
  if (parts.length === 1) return own;
  const entries = parts.flatMap((part) => part.entries).toSorted(byPath);
  const folders = new Map(parts.flatMap((part) => part.folders).map((one) => [one.path, one]));
  return { ...own, entries, folders: [...folders.values()].toSorted(byPath) };
}

function below(folder: string, { entries, folders }: Taken): Taken {
  const move = <T extends { readonly path: string }>(one: T): T => ({
    ...one,
    path: `${folder}/${one.path}`,
  });
  return { entries: entries.map(move), folders: folders.map(move) };
}

interface Submodule {
  readonly path: string;
  readonly commit: string;
}

async function submodulesOf(place: GitPlace, commit: string): Promise<readonly Submodule[]> {
  const tree = (await askGit(place, "ls-tree", "-r", "-z", "--full-tree", commit)) ?? "";
  return tree.split("\0").flatMap((line) => {
    const [, id, path] = /^160000 commit ([0-9a-f]+)\t(.+)$/s.exec(line) ?? [];
    return id === undefined || path === undefined ? [] : [{ path, commit: id }];
  });
}

async function submodulePlace(place: GitPlace, { path, commit }: Submodule): Promise<GitPlace> {
  const top = await askGit(place, "rev-parse", "--show-toplevel");
  // An empty folder must not be taken for a part of the repository around it.
  const env = { ...withoutRepository(place.env), GIT_CEILING_DIRECTORIES: top };
  const inside = { ...place, env, cwd: join(top ?? place.cwd, path) };
  const isThere =
    top !== undefined &&
    (await askGit(inside, "cat-file", "-e", `${commit}^{commit}`).catch(() => undefined)) !==
      undefined;
  if (isThere) return inside;
  throw new UserError(
    `${shownPath(path)}: a submodule whose commit ${commit.slice(0, 7)} is not here`,
    {
      code: "submodule",
      hint: "get it: git submodule update --init --recursive",
    },
  );
}

/** Variables by which git tells its children which repository it works in. */
const ofRepository =
  /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|PREFIX|COMMON_DIR|NAMESPACE|GRAFT_FILE|SHALLOW_FILE|CONFIG|CONFIG_PARAMETERS|CONFIG_COUNT|(?:ALTERNATE_)?OBJECT_DIRECTOR(?:Y|IES))$/;

const withoutRepository = (env: GitPlace["env"]): GitPlace["env"] =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !ofRepository.test(name)));

/** Prints a commit as a tar; throws UserError with what git says. */
async function* archive({ cwd, env }: GitPlace, commit: string) {
  const args = ["archive", "--format=tar", commit];
  const child = spawn("git", args, { cwd, env: { ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = `${said}${text}`.slice(-2000);
  });
  const ended = new Promise<number | null>((done) => {
    child.on("error", () => done(null)).on("close", done);
  });
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
  } finally {
    // A reader that has left reads no further.
    if (child.exitCode === null && !child.stdout.readableEnded) child.kill();
  }
  if ((await ended) === 0) return;
  const [first = "ended without a word"] = said.split("\n").filter(Boolean);
  throw new UserError(`git archive: ${plainText(first)}`, { code: "git" });
}
