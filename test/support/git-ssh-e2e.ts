import { spawn, type ChildProcess } from "node:child_process";
import { appendFile, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unpackPackage } from "../../scripts/machine/packages.ts";
import { freePort } from "../../scripts/machine/ports.ts";
import { has, mustRun, run, type Ran } from "../../scripts/machine/run.ts";
import { gitKeysUid, gitUid } from "../../src/core/server/uids.ts";
import type { TestServer } from "./mypaas-e2e.ts";

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
  const { program, libraries } = await sshdProgram(home);
  const hostKey = join(home, "host_key");
  await mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
  const port = await freePort();
  const config = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${hostKey}`,
    "PidFile none",
    "UsePAM no",
    "LogLevel VERBOSE",
    `Include ${join(home, "mypaas.conf")}`,
  ];
  await writeFile(join(home, "sshd_config"), `${config.join("\n")}\n`);
  const start = await usersOnly(home, join(programs, "git-line"));
  const env = { ...process.env, LD_LIBRARY_PATH: libraries };
  const args = [`${start} exec ${program} -D -e -f ${join(home, "sshd_config")}`];
  const child = spawn("unshare", ["--mount", "sh", "-c", ...args], {
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    void appendFile(join(home, "log"), text);
  });
  await untilListens(port, child, () => log);
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
      child.kill("SIGTERM");
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

/** The machine's own, or one that is unpacked and not installed, so that no service starts. */
async function sshdProgram(home: string): Promise<{ program: string; libraries: string }> {
  if (await has("/usr/sbin/sshd")) return { program: "/usr/sbin/sshd", libraries: "" };
  const folder = await mkdtemp(join(home, "deb-"));
  for (const name of ["openssh-server", "libwrap0"]) await unpackPackage(name, folder);
  const libraries = [join(folder, "usr/lib"), join(folder, "lib")];
  const { out } = await mustRun("find", [...libraries, "-name", "libwrap.so.0", "-printf", "%h\n"]);
  return { program: join(folder, "usr/sbin/sshd"), libraries: out.trim().split("\n")[0] ?? "" };
}

/** Shell words that give a mount namespace the two users. */
async function usersOnly(home: string, shell: string): Promise<string> {
  const add = async (file: string, lines: readonly string[]) => {
    const text = await readFile(`/etc/${file}`, "utf8");
    const others = text
      .split("\n")
      .filter((line) => line !== "" && !/^(mypaas|mypaas-keys|sshd):/.test(line));
    await writeFile(join(home, file), `${[...others, ...lines].join("\n")}\n`, { mode: 0o644 });
  };
  await add("passwd", [
    `mypaas:x:${gitUid}:${gitUid}::/:${shell}`,
    `mypaas-keys:x:${gitKeysUid}:${gitKeysUid}::/:/usr/sbin/nologin`,
    "sshd:x:65501:65501::/run/sshd:/usr/sbin/nologin",
  ]);
  await add("group", [`mypaas:x:${gitUid}:`, `mypaas-keys:x:${gitKeysUid}:`, "sshd:x:65501:"]);
  await add("shadow", [
    "mypaas:*:19000:0:99999:7:::",
    "mypaas-keys:*:19000::::::",
    "sshd:*:19000::::::",
  ]);
  const mounts = ["passwd", "group", "shadow"].map(
    (file) => `mount --bind ${home}/${file} /etc/${file}`,
  );
  return `set -e; mount --make-rprivate /; ${mounts.join("; ")}; mkdir -p /run/sshd;`;
}

async function untilListens(port: number, child: ChildProcess, log: () => string): Promise<void> {
  for (let tries = 0; tries < 200 && child.exitCode === null; tries += 1) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      }).on("error", () => resolve(false));
    });
    if (isUp) return;
    await sleep(50);
  }
  throw new Error(`sshd does not listen:\n${log()}`);
}

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
