import { chmod, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run, type Ran } from "../../scripts/machine/run.ts";
import type { TestServer } from "./mypaas-e2e.ts";

/** A git repository on the laptop of a server; git finds `git-remote-mypaas` as after an installation. */
export interface Repository {
  readonly folder: string;
  readonly git: (...args: readonly string[]) => Promise<Ran>;
  /** The same, which must end well; returns what it printed. */
  readonly must: (...args: readonly string[]) => Promise<string>;
  readonly write: (name: string, text: string) => Promise<void>;
  /** Writes files and commits everything. */
  readonly commit: (message: string, files?: Readonly<Record<string, string>>) => Promise<string>;
}

/** Puts `mypaas` and its helper of git on the PATH of the laptop; returns its environment for git. */
export async function gitLaptop({ instance }: TestServer) {
  const bin = join(instance.folder, "bin");
  const config = join(instance.folder, "gitconfig");
  await mkdir(bin, { recursive: true });
  for (const name of ["mypaas", "git-remote-mypaas"]) {
    const program = join(dirname(instance.program), `${name}.ts`);
    const script = `#!/bin/sh\nexec '${instance.node}' '${program}' "$@"\n`;
    await writeFile(join(bin, name), script);
    await chmod(join(bin, name), 0o755);
  }
  const settings = [
    ["user", "name = Ann", "email = ann@example.test"],
    ["init", "defaultBranch = main"],
    ['protocol "file"', "allow = always"],
  ];
  const text = settings.map(([section, ...lines]) => [`[${section}]`, ...lines].join("\n"));
  await writeFile(config, `${text.join("\n")}\n`);
  const env = {
    ...instance.env,
    PATH: `${bin}:${instance.env["PATH"] ?? ""}`,
    GIT_CONFIG_GLOBAL: config,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
  };
  return { bin, env };
}

type Env = Awaited<ReturnType<typeof gitLaptop>>["env"];

/** A repository in a folder that is there. */
export function repositoryIn(folder: string, env: Env): Repository {
  const git: Repository["git"] = (...args) => run("git", args, { cwd: folder, env });
  const must: Repository["must"] = async (...args) => {
    const ran = await git(...args);
    if (ran.code !== 0) throw new Error(`git ${args.join(" ")}: ${ran.out}${ran.err}`);
    return ran.out.trim();
  };
  const write: Repository["write"] = async (name, text) => {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  };
  const commit: Repository["commit"] = async (message, files = {}) => {
    for (const [name, text] of Object.entries(files)) await write(name, text);
    await must("add", "-A");
    await must("commit", "-q", "--allow-empty", "-m", message);
    return must("rev-parse", "HEAD");
  };
  return { folder, git, must, write, commit };
}

/** A new repository with nothing in it. */
export async function newRepository(
  server: TestServer,
  env: Env,
  name: string,
): Promise<Repository> {
  const repository = repositoryIn(await mkdtemp(join(server.instance.folder, `${name}-`)), env);
  await repository.must("init", "-q");
  return repository;
}
