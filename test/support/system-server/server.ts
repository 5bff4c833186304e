import { access, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { mustRun, run, type Ran } from "../../../scripts/machine/run.ts";
import { ensureServerImage, serverPackages } from "./image.ts";

/** A Debian server with systemd and Docker of its own, as a container on this machine. */
export interface SystemServer {
  /** Runs a program on the server as root, without a shell. */
  readonly exec: (...command: readonly string[]) => Promise<Ran>;
  /** Like `exec`, but throws with the output when the program does not end well. */
  readonly must: (...command: readonly string[]) => Promise<Ran>;
  /** Copies a file or folder of this machine to an absolute path of the server. */
  readonly copyIn: (from: string, to: string) => Promise<void>;
  /** Shuts down as `systemctl reboot` does and waits until the server is up again. */
  readonly reboot: () => Promise<void>;
  /** Takes the power away and waits until the server is up again. */
  readonly powerCut: () => Promise<void>;
  /** Its address on Docker's own network. */
  readonly address: () => Promise<string>;
  /** Loopback address of this machine behind which a port of the server is. */
  readonly published: (port: number) => Promise<number>;
  readonly remove: () => Promise<void>;
}

/** systemd and a Docker Engine need these; `--privileged` would give them as well, and everything else. */
const capabilities = words(
  "SYS_ADMIN NET_ADMIN SYS_PTRACE SYS_CHROOT MKNOD NET_RAW DAC_READ_SEARCH SYS_NICE LEASE LINUX_IMMUTABLE SYS_TIME SYSLOG",
);
const options = [
  ...capabilities.flatMap((capability) => ["--cap-add", capability]),
  ...words("--security-opt seccomp=unconfined --security-opt apparmor=unconfined"),
  ...words("--security-opt systempaths=unconfined --cgroupns=host"),
  ...words("--volume /sys/fs/cgroup:/sys/fs/cgroup:rw --tmpfs /run --tmpfs /run/lock"),
  ...words("--env container=docker --publish 127.0.0.1::80 --publish 127.0.0.1::443"),
  // systemd's word for "halt".
  ...words("--stop-signal SIGRTMIN+3"),
];

export interface ServerOptions {
  /** Debian packages beyond the smallest Debian; systemd and Docker when left out. */
  readonly packages?: readonly string[];
  /** More volumes, as `docker run --volume` takes them. */
  readonly mounts?: readonly string[];
}

/** Boots a server whose http and https ports are published on free loopback ports. */
export async function startServer(
  name: string,
  { packages = serverPackages, mounts = [] }: ServerOptions = {},
): Promise<SystemServer> {
  const image = await ensureServerImage(packages);
  await removeServer(name);
  await mustRun("docker", ["volume", "create", name]);
  const volumes = [`${name}:/var/lib/docker`, ...mounts].flatMap((one) => ["--volume", one]);
  const own = ["--name", name, "--hostname", "server", ...volumes];
  await mustRun("docker", ["run", "--detach", ...own, ...options, image, "/sbin/init"]);
  const server = serverNamed(name);
  try {
    await untilUp(server);
  } catch (error) {
    await server.remove();
    throw error;
  }
  return server;
}

function serverNamed(name: string): SystemServer {
  const exec = (...command: readonly string[]) => run("docker", ["exec", name, ...command]);
  const server: SystemServer = {
    exec,
    must: (...command) => mustRun("docker", ["exec", name, ...command]),
    copyIn: async (from, to) => {
      await mustRun("docker", ["cp", "--follow-link", from, `${name}:${to}`]);
    },
    reboot: async () => {
      await exec("systemctl", "reboot");
      await mustRun("docker", ["wait", name]);
      await mustRun("docker", ["start", name]);
      await untilUp(server);
    },
    powerCut: async () => {
      await mustRun("docker", ["kill", name]);
      await mustRun("docker", ["start", name]);
      await untilUp(server);
    },
    address: async () => {
      const format = "{{.NetworkSettings.Networks.bridge.IPAddress}}";
      return (await mustRun("docker", ["inspect", "--format", format, name])).out.trim();
    },
    published: async (port) => {
      const { out } = await mustRun("docker", ["port", name, `${port}/tcp`]);
      return Number(out.trim().split(":").at(-1));
    },
    remove: () => removeServer(name),
  };
  return server;
}

async function removeServer(name: string): Promise<void> {
  await run("docker", ["rm", "--force", "--volumes", name]);
  await run("docker", ["volume", "rm", name]);
}

/** `degraded` is up as well: which units failed is for the test to say. */
async function untilUp(server: SystemServer): Promise<void> {
  let last = "";
  for (let count = 0; count < 300; count += 1) {
    // oxlint-disable-next-line no-await-in-loop
    last = (await server.exec("systemctl", "is-system-running")).out.trim();
    if (last === "running" || last === "degraded") return;
    // oxlint-disable-next-line no-await-in-loop
    await sleep(200);
  }
  throw new Error(`the server is not up after 60 s, it is "${last}"`);
}

/** Installs the running Node, npm, and a package from its tarball with a real `npm install --global`. */
export async function installPackage(server: SystemServer, tarball: string): Promise<void> {
  await server.copyIn(process.execPath, "/usr/local/bin/node");
  // The server trusts whom this machine trusts, or a registry behind an inspecting proxy is out of reach.
  const authorities = "/etc/ssl/certs/ca-certificates.crt";
  if (await exists(authorities)) await server.copyIn(authorities, authorities);
  const npm = await installNpm(server);
  await server.copyIn(tarball, "/root/mypaas.tgz");
  const quiet = ["--global", "--no-audit", "--no-fund", `--cafile=${authorities}`];
  await server.must("node", npm, "install", ...quiet, "/root/mypaas.tgz");
}

/** The package npm brings all that it needs, other than a distribution's. */
async function installNpm(server: SystemServer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "mypaas-npm-"));
  try {
    await mustRun("npm", ["pack", "--silent", "--pack-destination", folder, "npm@11.19.1"]);
    const [file = ""] = await readdir(folder);
    await server.copyIn(join(folder, file), "/root/npm.tgz");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  await server.must("tar", "-C", "/opt", "-xzf", "/root/npm.tgz");
  return "/opt/package/bin/npm-cli.js";
}

/** Gives the server's Docker a base image with Node, for a server that reaches no registry of images. */
export async function importNodeImage(server: SystemServer, reference: string): Promise<void> {
  const node = "/usr/local/bin/node";
  const libraries = `$(ldd ${node} | grep -o '/[^ ]*')`;
  const change = "--change 'ENV PATH=/usr/local/bin'";
  const script = `tar -ch ${node} ${libraries} | docker import ${change} - ${reference}`;
  await server.must("sh", "-c", script);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

function words(text: string): readonly string[] {
  return text.split(" ");
}
