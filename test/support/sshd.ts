import { spawn, type ChildProcess } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { unpackPackage } from "../../scripts/machine/packages.ts";
import { freePort } from "../../scripts/machine/ports.ts";
import { has, mustRun } from "../../scripts/machine/run.ts";

interface SshdOrder {
  /** Folder for its files, and for its log. */
  readonly home: string;
  readonly address: string;
  /** Lines of its configuration. */
  readonly config: readonly string[];
  /** Users that only it sees. */
  readonly users: readonly TestUser[];
}

interface TestUser {
  readonly name: string;
  readonly uid: number;
  readonly shell: string;
}

/** Debian's sshd on a port of its own. */
export interface RunningSshd {
  readonly port: number;
  /** Its host key, as known_hosts has it. */
  readonly hostKey: () => Promise<string>;
  /** Takes another host key, in place of the one that it had. */
  readonly renewHostKey: () => Promise<void>;
  readonly stop: () => void;
}

/** Starts it, with an Ed25519 host key that `home/host_key` has. */
export async function runSshd({ home, address, config, users }: SshdOrder): Promise<RunningSshd> {
  const { program, libraries } = await sshdProgram(home);
  const hostKey = join(home, "host_key");
  const makeHostKey = () => mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", hostKey]);
  await makeHostKey();
  const port = await freePort();
  const file = join(home, "sshd_config");
  const lines = [
    `Port ${port}`,
    `ListenAddress ${address}`,
    `HostKey ${hostKey}`,
    "PidFile none",
    "UsePAM no",
    "LogLevel VERBOSE",
    ...config,
  ];
  await writeFile(file, `${lines.join("\n")}\n`);
  const start = await usersOnly(home, [
    ...users,
    { name: "sshd", uid: 65501, shell: "/usr/sbin/nologin" },
  ]);
  const child = spawn(
    "unshare",
    ["--mount", "sh", "-c", `${start} exec ${program} -D -e -f ${file}`],
    {
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
      stdio: ["ignore", "ignore", "pipe"],
    },
  );
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
    void appendFile(join(home, "log"), text);
  });
  await untilListens({ address, port, child, log: () => log });
  return {
    port,
    hostKey: async () =>
      (await readFile(`${hostKey}.pub`, "utf8")).trim().split(" ").slice(0, 2).join(" "),
    renewHostKey: async () => {
      await Promise.all([hostKey, `${hostKey}.pub`].map((one) => rm(one)));
      await makeHostKey();
      const starts = () => log.split("Server listening").length;
      const before = starts();
      child.kill("SIGHUP");
      for (let tries = 0; tries < 400 && starts() === before; tries += 1) await sleep(50);
    },
    stop: () => void child.kill("SIGTERM"),
  };
}

/** The machine's own, or one that is unpacked and not installed, so that no service starts. */
async function sshdProgram(home: string): Promise<{ program: string; libraries: string }> {
  if (await has("/usr/sbin/sshd")) return { program: "/usr/sbin/sshd", libraries: "" };
  const folder = await mkdtemp(join(home, "deb-"));
  for (const name of ["openssh-server", "libwrap0"]) await unpackPackage(name, folder);
  const libraries = [join(folder, "usr/lib"), join(folder, "lib")];
  const { out } = await mustRun("find", [...libraries, "-name", "libwrap.so.0", "-printf", "%h\n"]);
  return { program: join(folder, "usr/sbin/sshd"), libraries: out.trim().split("\n")[0] ?? "" };
}

/** Shell words that give a mount namespace the users. */
async function usersOnly(home: string, users: readonly TestUser[]): Promise<string> {
  const names = users.map(({ name }) => name);
  const add = async (file: string, line: (user: TestUser) => string) => {
    const text = await readFile(`/etc/${file}`, "utf8");
    const others = text
      .split("\n")
      .filter((one) => one !== "" && !names.includes(one.split(":")[0] ?? ""));
    await writeFile(join(home, file), `${[...others, ...users.map(line)].join("\n")}\n`, {
      mode: 0o644,
    });
  };
  await add("passwd", ({ name, uid, shell }) => `${name}:x:${uid}:${uid}::/:${shell}`);
  await add("group", ({ name, uid }) => `${name}:x:${uid}:`);
  await add("shadow", ({ name }) => `${name}:*:19000:0:99999:7:::`);
  const mounts = ["passwd", "group", "shadow"].map(
    (file) => `mount --bind ${home}/${file} /etc/${file}`,
  );
  return `set -e; mount --make-rprivate /; ${mounts.join("; ")}; mkdir -p /run/sshd;`;
}

interface Awaited {
  readonly address: string;
  readonly port: number;
  readonly child: ChildProcess;
  readonly log: () => string;
}

async function untilListens({ address, port, child, log }: Awaited): Promise<void> {
  for (let tries = 0; tries < 400 && child.exitCode === null; tries += 1) {
    const isUp = await new Promise<boolean>((resolve) => {
      const socket = connect(port, address, () => {
        socket.destroy();
        resolve(true);
      }).on("error", () => resolve(false));
    });
    if (isUp) return;
    await sleep(50);
  }
  throw new Error(`sshd does not listen:\n${log()}`);
}
