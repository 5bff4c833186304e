import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, type Ran } from "../../scripts/machine/run.ts";
import { gitKeysUid, gitUid } from "../../src/core/server/uids.ts";
import type { TestServer } from "./mypaas-e2e.ts";
import { runSshd } from "./sshd.ts";

const root = join(import.meta.dirname, "..", "..");

/** A real sshd with the configuration that `init --git` writes, on a port of its own, with users that only it sees. */
export interface TestSshd {
  readonly port: number;
  /** The environment of a git or ssh client with this private key. */
  readonly clientEnv: (keyFile: string) => Readonly<Record<string, string | undefined>>;
  /** Runs the pipe to the worker as the user of git would, with any words. */
  readonly asGitUser: (program: string, args: readonly string[]) => Promise<Ran>;
  readonly stop: () => Promise<void>;
}

/** Starts sshd for a server that was set up with `--git`. */
export async function startSshd(server: TestServer): Promise<TestSshd> {
  const { folder, runDir, name } = server.instance;
  // The users of git must reach the sockets, as they reach /run/mypaas.
  await chmod(folder, 0o711);
  const home = join(folder, "sshd");
  await mkdir(home);
  // sshd wants a program that only root can change, all the way up.
  const programs = `/usr/lib/${name}`;
  await mkdir(programs, { recursive: true, mode: 0o755 });
  const place = async (source: string, target: string, mode: number) => {
    const text = await readFile(join(root, "ssh", source), "utf8");
    const own = text
      .replaceAll("/run/mypaas/", `${runDir}/`)
      .replaceAll("/usr/lib/mypaas", programs);
    await writeFile(target, own, { mode });
  };
  await place("git-line", join(programs, "git-line"), 0o755);
  await place("git-keys", join(programs, "git-keys"), 0o755);
  await place("mypaas.conf", join(home, "mypaas.conf"), 0o644);
  const { port, stop } = await runSshd({
    home,
    address: "127.0.0.1",
    config: [`Include ${join(home, "mypaas.conf")}`],
    users: [
      { name: "mypaas", uid: gitUid, shell: join(programs, "git-line") },
      { name: "mypaas-keys", uid: gitKeysUid, shell: "/usr/sbin/nologin" },
    ],
  });
  const client = [
    "ssh -F none -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no",
    `-o UserKnownHostsFile=${join(home, "known_hosts")} -p ${port}`,
  ].join(" ");
  return {
    port,
    clientEnv: (keyFile) => ({
      PATH: process.env["PATH"],
      HOME: home,
      GIT_SSH_COMMAND: `${client} -i ${keyFile}`,
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_TERMINAL_PROMPT: "0",
      ...who,
    }),
    asGitUser: (one, words) =>
      run("setpriv", [`--reuid=${gitUid}`, `--regid=${gitUid}`, "--clear-groups", one, ...words]),
    stop: async () => {
      stop();
      await rm(programs, { recursive: true, force: true });
    },
  };
}

const who = {
  GIT_AUTHOR_NAME: "Ann",
  GIT_AUTHOR_EMAIL: "ann@example.com",
  GIT_COMMITTER_NAME: "Ann",
  GIT_COMMITTER_EMAIL: "ann@example.com",
};

/** A repository of a person, whose remote `prod` is a service of the server. */
export interface Repository {
  readonly folder: string;
  readonly git: (...args: readonly string[]) => Promise<Ran>;
  readonly must: (...args: readonly string[]) => Promise<string>;
  readonly write: (name: string, text: string | Uint8Array) => Promise<void>;
  /** Commits everything; returns the commit. */
  readonly commit: (message: string) => Promise<string>;
}

/** Makes a repository, or takes a folder that is one. */
export async function repositoryAt(
  folder: string,
  sshd: TestSshd,
  { keyFile, service, isNew = true }: { keyFile: string; service: string; isNew?: boolean },
): Promise<Repository> {
  await mkdir(folder, { recursive: true });
  const env = sshd.clientEnv(keyFile);
  const git = (...args: readonly string[]) => run("git", args, { cwd: folder, env });
  const must = async (...args: readonly string[]) => {
    const ran = await git(...args);
    if (ran.code !== 0) throw new Error(`git ${args.join(" ")}: ${ran.out}${ran.err}`);
    return ran.out.trim();
  };
  if (isNew) await must("init", "-q", "-b", "main");
  await must("remote", "add", "prod", `mypaas@127.0.0.1:${service}`);
  return {
    folder,
    git,
    must,
    write: async (name, text) => {
      await mkdir(join(folder, name, ".."), { recursive: true });
      await writeFile(join(folder, name), text);
    },
    commit: async (message) => {
      await must("add", "-A");
      await must("commit", "-q", "--allow-empty", "-m", message);
      return must("rev-parse", "HEAD");
    },
  };
}
