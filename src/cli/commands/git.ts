import { access, constants } from "node:fs/promises";
import { join } from "node:path";
import { askGit, type GitPlace } from "../../adapters/laptop/git.ts";
import { readRemotes } from "../../adapters/laptop/remotes.ts";
import { UserError } from "../../core/errors.ts";
import { command, hint, hintFields } from "../../core/hints.ts";
import type { CommandFile, CommandIo, ExitCode } from "../command.ts";
import { findRemote, usualRemote } from "../connect/connect.ts";
import { serviceArgument } from "../input/arguments.ts";
import { commandLine } from "../output/shell-words.ts";

export const declaration: CommandFile = {
  examples: ["mypaas git add prod", "mypaas git add prod production --path web/Dockerfile"],
  commands: [
    {
      syntax: "add [remote] [name]",
      summary:
        "let `git push NAME main` deploy to a server; the git remote is called as the server",
      options: [
        ["--service <name>", "name of the service, for a Dockerfile that does not say it"],
        ["--path <path>", "path of the Dockerfile in the repository"],
      ],
      examples: ["mypaas git add prod", "mypaas git add prod production --path web/Dockerfile"],
      run: gitAdd,
    },
  ],
};

interface AddArgs {
  readonly remote?: string | undefined;
  readonly name?: string | undefined;
  readonly service?: string | undefined;
  readonly path?: string | undefined;
}

/** `mypaas git add [REMOTE] [NAME]`: a git remote whose push is a deploy; on one that is there already the options are set. */
export async function gitAdd(args: AddArgs, io: CommandIo): Promise<ExitCode> {
  const { cwd, env } = io.world;
  const git: GitPlace = { cwd, env };
  if ((await askGit(git, "rev-parse", "--git-dir")) === undefined)
    throw new UserError(`${cwd}: not in a git repository`, {
      code: "no-repository",
      hint: "make one: git init && git add . && git commit",
    });
  const remote = args.remote ?? (await usualOrFirst(io));
  await findRemote(io, remote);
  const name = args.name ?? remote;
  const { service, path } = args;
  if (service !== undefined) serviceArgument(service, "--service");
  const url = `mypaas::${remote}`;
  const before = await askGit(git, "config", `remote.${name}.url`);
  if (before !== undefined && before !== url)
    throw new UserError(`git remote ${name}: there is one already, of ${before}`, {
      code: "remote-exists",
      hint: hint`choose another name: ${command(commandLine("git", "add", remote, `${name}-mypaas`))}`,
    });
  if (before === undefined) await change(git, "remote", "add", name, url);
  // Nothing can be fetched from there, so `git fetch --all` passes it over.
  await change(git, "config", `remote.${name}.skipFetchAll`, "true");
  if (service !== undefined) await change(git, "config", `remote.${name}.mypaasService`, service);
  if (path !== undefined) await change(git, "config", `remote.${name}.mypaasPath`, path);
  await leaveLfsAtOrigin(git, name);
  await warnWithoutHelper(io);
  const push = commandLine("git", "push", name, "main");
  io.answer(`${before === undefined ? "added" : "kept"} git remote ${name}; deploy with: ${push}`, {
    name,
    url,
    ...(service !== undefined && { service }),
    ...(path !== undefined && { path }),
  });
  return 0;
}

async function usualOrFirst(io: CommandIo): Promise<string> {
  const usual = usualRemote(io) ?? (await readRemotes(io.world))[0]?.name;
  if (usual !== undefined) return usual;
  throw new UserError("git add: no remote is known here", {
    code: "no-remote",
    hint: hint`add one with the line that ${command("init")} printed, in quotes: ${command("remote add prod 'https://…'")}`,
  });
}

async function change(git: GitPlace, ...args: readonly string[]): Promise<void> {
  if ((await askGit(git, ...args)) !== undefined) return;
  throw new UserError(`git: could not run ${commandLine("git", ...args)}`, {
    code: "git",
    hint: "run it by hand to see why",
  });
}

/** The hook of git-lfs sends large files before each push, and a server of mypaas has no place for them. */
async function leaveLfsAtOrigin(git: GitPlace, name: string): Promise<void> {
  const own = await askGit(git, "config", "remote.origin.lfsurl");
  const origin = await askGit(git, "config", "remote.origin.url");
  if (origin === undefined) return;
  const isHttp = /^https?:/.test(origin);
  const url = own ?? (isHttp ? `${origin.replace(/(?:\.git)?\/?$/, "")}.git/info/lfs` : origin);
  await change(git, "config", `remote.${name}.lfsurl`, url);
}

async function warnWithoutHelper({ world, say }: CommandIo): Promise<void> {
  const folders = (world.env["PATH"] ?? "").split(":").filter(Boolean);
  for (const folder of folders)
    if (await access(join(folder, "git-remote-mypaas"), constants.X_OK).then(yes, no)) return;
  say({
    kind: "warning",
    text: "git-remote-mypaas is not on the PATH, so git does not find it",
    ...hintFields("install mypaas for all folders: npm install --global mypaas"),
  });
}

const yes = (): boolean => true;
const no = (): boolean => false;
