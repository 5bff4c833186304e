import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { plainRemote, type Project } from "../../core/push/project.ts";
import { isThere, readIfThere } from "../files.ts";

interface Place {
  /** Absolute path of the Dockerfile. */
  readonly dockerfile: string;
  /** Absolute path of the build context. */
  readonly context: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Finds out what identifies a project: its git remotes or its first commit, else its folder on this machine. Never throws. */
export async function readProject({ dockerfile, context, env }: Place): Promise<Project> {
  const repository = await repositoryOf(dirname(dockerfile));
  const folder = repository ?? (await realpath(context).catch(() => context));
  const file = await realpath(dockerfile).catch(() => dockerfile);
  const machine = `${hostname()} ${await readText("/etc/machine-id")}`;
  const origins = repository === undefined ? [] : await originsOf(repository, env);
  return {
    origins: origins.map(digest).toSorted(),
    machine: digest(machine),
    place: digest(`${machine}\n${folder}`),
    dockerfile: relative(folder, file).slice(0, 1000) || "Dockerfile",
    name: basename(folder).slice(0, 100) || "/",
  };
}

/** The folder at or above this one that git works in. */
async function repositoryOf(folder: string): Promise<string | undefined> {
  const real = await realpath(folder).catch(() => folder);
  for (let at = real; ; at = dirname(at)) {
    if (await isThere(join(at, ".git"))) return at;
    if (dirname(at) === at) return undefined;
  }
}

const maxOrigins = 8;

async function originsOf(repository: string, env: Place["env"]): Promise<readonly string[]> {
  const config = await readText(join(await gitFolder(repository), "config"));
  const remotes = remotesIn(config).map(plainRemote);
  const known = [...new Set(remotes)].filter((one) => one !== "").slice(0, maxOrigins);
  return known.length > 0 ? known : firstCommits(repository, env);
}

/** The folder with the configuration; in a worktree or a submodule `.git` is a file that leads there. */
async function gitFolder(repository: string): Promise<string> {
  const dotGit = join(repository, ".git");
  const link = /^gitdir:\s*(.+)$/m.exec(await readText(dotGit))?.[1]?.trim();
  if (link === undefined) return dotGit;
  const own = resolve(repository, link);
  const common = (await readText(join(own, "commondir"))).trim();
  return common === "" ? own : resolve(own, common);
}

function remotesIn(config: string): readonly string[] {
  const urls: string[] = [];
  let isRemote = false;
  for (const line of config.split("\n")) {
    if (/^\s*\[/.test(line)) isRemote = /^\s*\[remote\s/i.test(line);
    const url = /^\s*url\s*=\s*(.+)$/i.exec(line)?.[1];
    if (isRemote && url !== undefined) urls.push(url.replaceAll('"', ""));
  }
  return urls;
}

/** A large repository without a remote is not waited for. */
const gitTimeoutMs = 2000;

function firstCommits(repository: string, env: Place["env"]): Promise<readonly string[]> {
  const args = ["-C", repository, "rev-list", "--max-parents=0", "HEAD"];
  const options = { env: { ...env }, timeout: gitTimeoutMs, maxBuffer: 100_000 };
  return new Promise((done) => {
    execFile("git", args, options, (error, out) => {
      const ids =
        error === null ? out.split("\n").filter((id) => /^[0-9a-f]{40,64}$/.test(id)) : [];
      done(ids.toSorted().slice(0, maxOrigins));
    });
  });
}

const readText = async (path: string): Promise<string> =>
  (await readIfThere(path).catch(() => undefined))?.toString("utf8") ?? "";

const digest = (text: string): string =>
  createHash("sha256").update(`mypaas project\n${text}`).digest("hex").slice(0, 32);
