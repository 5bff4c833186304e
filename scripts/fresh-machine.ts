import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { finished } from "node:stream/promises";
import { startServer, type SystemServer } from "../test/support/system-server/server.ts";
import { ensureDocker } from "./machine/docker.ts";
import { passApt, passNode, passSettings } from "./machine/host-settings.ts";
import { installPackages } from "./machine/packages.ts";
import { has, mustRun } from "./machine/run.ts";

/** Runs the tests where nothing was ever installed, from `git clone` to their last line: in a container with a bare Debian, systemd and what somebody brings who clones this, git, Node and npm. */
const root = dirname(import.meta.dirname);
const name = "mypaas-fresh";
const clone = "/root/mypaas";
const log = join(tmpdir(), "mypaas-fresh.log");
const packages = ["systemd", "systemd-sysv", "dbus", "ca-certificates", "iproute2", "git"] as const;
const usage = `node scripts/fresh-machine.ts [--keep] [--debian-node] [--only SUITE…]
  --keep         leaves the machine for a look: docker exec -it ${name} bash
  --debian-node  Node and npm of Debian instead of those of this machine
  --only SUITE…  the installation and these end-to-end suites, without the rest`;

const withoutLoopbackProxy = `mkdir /etc/docker; echo '{ "userland-proxy": false }' > /etc/docker/daemon.json`;

interface Flags {
  readonly keep: boolean;
  readonly debianNode: boolean;
  /** Names of suites; all when empty. */
  readonly only: readonly string[];
}

try {
  process.exitCode = await main(readFlags(process.argv.slice(2)));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function main({ keep, debianNode, only }: Flags): Promise<number> {
  if (process.getuid?.() !== 0)
    throw new Error("only root makes such a machine\nhint: sudo npm run fresh");
  if (!(await has("debootstrap"))) await installPackages(["debootstrap"], "makes a bare Debian");
  await ensureDocker();
  if (!(await has("docker"))) await installPackages(["docker-cli"], "drives that machine");
  const folder = await mkdtemp(join(tmpdir(), "mypaas-fresh-"));
  let machine: SystemServer | undefined;
  try {
    const bare = join(folder, "mypaas.git");
    await mustRun("git", ["clone", "--quiet", "--bare", `file://${root}`, bare]);
    console.log("making a bare Debian with systemd, git, Node and npm …");
    machine = await startServer(name, {
      packages,
      mounts: [`${bare}:/mypaas.git:ro`],
    });
    await narrowNetwork(machine);
    // Docker's own proxy for loopback ends at the limit of open files, which nothing in a container can raise.
    await machine.must("sh", "-c", withoutLoopbackProxy);
    await passApt(machine);
    await (debianNode ? installNode(machine) : passNode(machine));
    const settings = await passSettings(machine);
    await machine.must("git", "clone", "--quiet", "/mypaas.git", clone);
    const { out } = await machine.must("git", "-C", clone, "log", "-1", "--format=%h %s");
    console.log(`cloned ${out.trim()}`);
    const code = await follow(["bash", "-c", commandOf(only)], settings);
    const what = code === 0 ? "passed" : `did not pass (exit code ${code})`;
    console.log(`the fresh machine ${what}; all that it printed: ${log}`);
    return code;
  } finally {
    if (!keep) await machine?.remove();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Packets that are too long for this machine's own network would be lost on their way out of a container within a container. */
async function narrowNetwork(machine: SystemServer): Promise<void> {
  const routes = await readFile("/proc/net/route", "utf8");
  const device = /^(\S+)\t00000000\t/m.exec(routes)?.[1];
  if (device === undefined) return;
  const mtu = (await readFile(`/sys/class/net/${device}/mtu`, "utf8")).trim();
  await machine.must("ip", "link", "set", "dev", "eth0", "mtu", mtu);
}

async function installNode(machine: SystemServer): Promise<void> {
  const install = "apt-get install -y --no-install-recommends nodejs npm";
  await machine.must("sh", "-c", `apt-get update && DEBIAN_FRONTEND=noninteractive ${install}`);
}

/** All that `.ci/run` does, or the installation and some suites. */
function commandOf(suites: readonly string[]): string {
  const place = `cd ${clone} && node --version && npm --version`;
  if (suites.length === 0) return `${place} && bash .ci/run`;
  return `${place} && npm ci && node_modules/.bin/node scripts/e2e.ts ${suites.join(" ")}`;
}

/** Runs a command on the machine to its end; its output goes to the terminal and to the log. */
async function follow(
  command: readonly string[],
  settings: Readonly<Record<string, string>>,
): Promise<number> {
  const env = Object.entries(settings).flatMap(([key, value]) => ["--env", `${key}=${value}`]);
  const child = spawn("docker", ["exec", ...env, name, ...command], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const file = createWriteStream(log);
  for (const [from, to] of [
    [child.stdout, process.stdout],
    [child.stderr, process.stderr],
  ] as const)
    from.on("data", (data: Buffer) => {
      file.write(data);
      to.write(data);
    });
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (status) => resolve(status ?? 1));
  });
  await finished(file.end());
  return code;
}

function readFlags(args: readonly string[]): Flags {
  const at = args.indexOf("--only");
  const flags = at < 0 ? args : args.slice(0, at);
  const only = at < 0 ? [] : args.slice(at + 1);
  const known = ["--keep", "--debian-node"];
  const areSuites = at < 0 || (only.length > 0 && only.every((suite) => /^[a-z-]+$/.test(suite)));
  if (!areSuites || !flags.every((flag) => known.includes(flag)))
    throw new Error(`these options are not known: ${args.join(" ")}\nusage: ${usage}`);
  return { keep: flags.includes("--keep"), debianNode: flags.includes("--debian-node"), only };
}
