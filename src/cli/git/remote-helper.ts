import { createInterface } from "node:readline";
import type { Results } from "../../core/actions/actions.ts";
import { askGit, findCommit, takeCommit, type GitPlace } from "../../adapters/laptop/git.ts";
import { parseDockerfile } from "../../core/dockerfile/parse.ts";
import { UserError } from "../../core/errors.ts";
import type { World } from "../../core/world.ts";
import type { CommandIo, ExitCode } from "../command.ts";
import { connect } from "../connect/connect.ts";
import { serviceArgument } from "../input/arguments.ts";
import { failureOf } from "../main.ts";
import { eventFor } from "../output/remote-hint.ts";
import { humanSay, quietly } from "../output/say.ts";
import { commandLine } from "../output/shell-words.ts";
import { openTaken } from "../push/open-archive.ts";
import { pushOptions } from "../push/options.ts";
import { runPush } from "../push/run-push.ts";
import { deployedRefs, pushOptionWords, readPushOptions, readRefPush, refusedRef } from "./refs.ts";

/** One call of git: `git-remote-mypaas REMOTE URL`, see gitremote-helpers(7). */
interface Call {
  readonly world: World;
  readonly io: CommandIo;
  readonly git: GitPlace;
  /** Name of the git remote, for hints. */
  readonly remote: string;
  /** The server: what stands after `mypaas::`. */
  readonly server: string;
  readonly options: Map<string, readonly string[]>;
  /** The commit that is live, as `list` named it. */
  live?: string | undefined;
}

/** Answers git on stdin and stdout until it has no more to ask: `git push` becomes a push, and its ref is taken when the deploy is live. */
export async function remoteHelper(world: World): Promise<ExitCode> {
  const call = begin(world);
  const { io } = call;
  const pushes: string[] = [];
  try {
    for await (const line of createInterface({ input: world.stdin })) {
      const [word = "", rest = ""] = /^(\S+) ?(.*)$/s.exec(line)?.slice(1) ?? [];
      if (word === "capabilities") world.stdout.write("push\noption\nfetch\n\n");
      else if (word === "option") world.stdout.write(`${setOption(call, rest)}\n`);
      else if (word === "list") world.stdout.write(`${await listed(call)}\n`);
      else if (word === "push") pushes.push(rest);
      else if (word === "fetch") throw nothingToFetch(call);
      else if (pushes.length > 0) world.stdout.write(`${await pushAll(call, pushes.splice(0))}\n`);
      else return 0;
    }
    return 0;
  } catch (error) {
    if (error instanceof UserError) io.say(failureOf(error));
    else if (!world.interrupted.aborted) throw error;
    return world.interrupted.aborted ? 130 : 1;
  }
}

function begin(world: World): Call {
  const [remote = "", url = ""] = world.args;
  // Git reads stdout; people read what it passes on of stderr.
  const shown: World = { ...world, stdout: world.stderr };
  const options: Call["options"] = new Map();
  const loud = humanSay(shown);
  const quiet = quietly(loud);
  let name: string | undefined;
  const io: CommandIo = {
    world: shown,
    json: false,
    say: (event) => (options.get("verbosity")?.[0] === "0" ? quiet : loud)(eventFor(name, event)),
    answer: () => undefined,
    setRemoteName: (to) => {
      name = to;
    },
  };
  const git = { cwd: world.cwd, env: world.env, signal: world.interrupted };
  return { world, io, git, remote, server: url.replace(/^mypaas:(?:\/\/|:)/, ""), options };
}

const known = ["verbosity", "progress", "dry-run", "force", "push-option"];

function setOption({ options }: Call, rest: string): string {
  const [name = "", value = ""] = /^(\S+) ?(.*)$/s.exec(rest)?.slice(1) ?? [];
  if (!known.includes(name)) return "unsupported";
  options.set(
    name,
    name === "push-option" ? [...(options.get(name) ?? []), unquoted(value)] : [value],
  );
  return "ok";
}

/** Git quotes as C does, which for words of options is JSON. */
function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value;
}

const nothingToFetch = ({ remote, server }: Call): UserError =>
  new UserError(
    `git remote ${remote}: nothing can be fetched from ${server}, which keeps no commits`,
    {
      code: "git",
      hint: `fetch from where the code is, and leave this one out: git config remote.${remote}.skipFetchAll true`,
    },
  );

interface Settings {
  readonly service: string | undefined;
  readonly path: string;
}

async function settingsOf({ git, remote }: Call): Promise<Settings> {
  const setting = async (name: string) => askGit(git, "config", `remote.${remote}.${name}`);
  const service = await setting("mypaasService");
  const path = (await setting("mypaasPath")) ?? "Dockerfile";
  if (service !== undefined) serviceArgument(service, `remote.${remote}.mypaasService`);
  return { service, path };
}

/** The refs of the server: the commit that is live, under the branches that are deployed. */
async function listed(call: Call): Promise<string> {
  const { git, io, server } = call;
  const settings = await settingsOf(call);
  const service = settings.service ?? (await serviceAt(git, settings.path));
  if (service === undefined) return "";
  const connection = await connect(io, { remote: server });
  try {
    call.live = liveCommit(await connection.ask({ action: "release.list", service }));
  } finally {
    await connection.close();
  }
  const { live } = call;
  if (live === undefined || !(await mayCompare(git, live))) return "";
  return deployedRefs.map((ref) => `${live} ${ref}\n`).join("");
}

/** A release with changes that were not committed is no commit. */
function liveCommit({ releases }: Results["release.list"]): string | undefined {
  const from = releases.find(({ state }) => state === "live" || state === "stopped")?.from;
  return from?.dirty === true ? undefined : from?.commit;
}

/** The service of the commit that is checked out. */
async function serviceAt(git: GitPlace, path: string): Promise<string | undefined> {
  const text = await askGit(git, "cat-file", "blob", `HEAD:${path}`);
  return text === undefined ? undefined : parseDockerfile(Buffer.from(text), path).spec?.service;
}

const isIn = async (git: GitPlace, commit: string): Promise<boolean> =>
  (await askGit(git, "cat-file", "-e", `${commit}^{commit}`)) !== undefined;

const isAncestor = async (git: GitPlace, commit: string, of: string): Promise<boolean> =>
  (await askGit(git, "merge-base", "--is-ancestor", commit, of)) !== undefined;

/** False in a shallow clone that does not reach back to the live commit: nobody can tell there whether one follows the other. */
async function mayCompare(git: GitPlace, live: string): Promise<boolean> {
  if ((await askGit(git, "rev-parse", "--is-shallow-repository")) !== "true") return true;
  return (await isIn(git, live)) && isAncestor(git, live, "HEAD");
}

async function pushAll(call: Call, lines: readonly string[]): Promise<string> {
  const answers: string[] = [];
  let hasPushed = false;
  for (const ref of lines.map(readRefPush)) {
    const refused: string | undefined =
      refusedRef(ref, call.remote) ?? (hasPushed ? "one branch at a time is deployed" : undefined);
    const answer = refused ?? (await refusedHistory(call, ref)) ?? (await deploy(call, ref));
    hasPushed ||= refused === undefined;
    answers.push(answer === undefined ? `ok ${ref.to}\n` : `error ${ref.to} ${answer}\n`);
  }
  return answers.join("");
}

/** Git asks its helpers to compare commits that it does not know itself. */
async function refusedHistory(
  { git, live }: Call,
  { from, isForced }: ReturnType<typeof readRefPush>,
): Promise<string | undefined> {
  if (live === undefined || isForced || !(await mayCompare(git, live))) return undefined;
  if (!(await isIn(git, live))) return "fetch first";
  return (await isAncestor(git, live, from)) ? undefined : "non-fast forward";
}

/** Deploys a commit; returns why it was not, in a few words for git. */
async function deploy(
  call: Call,
  { from: ref }: ReturnType<typeof readRefPush>,
): Promise<string | undefined> {
  const { io, git, remote, server, options } = call;
  const { unknown, args } = readPushOptions(options.get("push-option") ?? []);
  if (unknown !== undefined) return `unknown push option ${unknown}; there are: ${pushOptionWords}`;
  if (options.get("dry-run")?.[0] === "true") return undefined;
  try {
    const found = await findCommit(git, ref);
    if (found === undefined) return "not a commit";
    const { service, path } = await settingsOf(call);
    const folder = (await askGit(git, "rev-parse", "--show-toplevel")) ?? git.cwd;
    const source = {
      name: `commit ${found.commit.slice(0, 7)}`,
      path,
      folder,
      service,
      options: pushOptions({ ...args, service }),
      take: (into: string, limits: Parameters<typeof takeCommit>[3]) =>
        takeCommit(git, found.commit, into, limits),
      nameDockerfile: (other: string) =>
        `name it: ${commandLine("git", "config", `remote.${remote}.mypaasPath`, other)}`,
      from: () => ({ kind: "git", ...found }),
    };
    const code = await runPush(
      {
        open: () => openTaken(source, io),
        connect: () => connect(io, { remote: server }),
        again: commandLine("git", "push", remote, `${ref.replace("refs/heads/", "")}:main`),
      },
      io,
    );
    if (code === 130) return "interrupted";
    return code === 0 ? undefined : "deploy failed";
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    io.say(failureOf(error));
    return "not deployed";
  }
}
