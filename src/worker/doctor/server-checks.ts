import { readFile, stat, statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { X509Certificate } from "node:crypto";
import { isLoopback } from "../../core/server/addresses.ts";
import {
  judgeCertificate,
  judgeDisk,
  parseMemory,
  type MemoryHealth,
} from "../../core/health/host.ts";
import { judgeHosts } from "../../core/health/certificates.ts";
import { about, failed, ok, skipped, type Finding } from "../../core/health/check.ts";
import type { SeenLog } from "../../core/health/services.ts";
import type { SeenContainer } from "../../core/health/inventory.ts";
import { instancePaths, reachable } from "../../core/server/instance.ts";
import { unitNames } from "../../core/server/units.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import { readIfThere } from "../../adapters/files.ts";
import { askAddresses } from "../../adapters/certificates/dns-lookup.ts";
import { httpStatus, lookUp } from "../../adapters/reach.ts";
import { addressesHere } from "../certificates/server-addresses.ts";
import { storeTrouble } from "../certificates/traefik-store.ts";
import { readIdentity } from "../../adapters/host/certificate.ts";
import { portHolder } from "../../adapters/host/host-facts.ts";
import { askPinned } from "../../adapters/host/pinned-question.ts";
import { hasSystemd, unitProperty } from "../../adapters/host/systemd.ts";
import { liveReleases } from "../../adapters/state/releases.ts";
import { answers } from "../entries/sockets.ts";
import type { Ground } from "./check-context.ts";
import { command, hint, hintOf } from "../../core/hints.ts";

/** What Traefik reads against what the worker would write; a switch may be between the two for a moment. */
export async function dynamicFile({ config, wantedFile }: Ground): Promise<Finding> {
  const { dynamicFile: path } = instancePaths(config);
  for (let tries = 0; tries < 5; tries += 1) {
    const text = (await readIfThere(path))?.toString("utf8");
    if (text === wantedFile()) return ok(`${path} is what follows from the state`);
    await sleep(100);
  }
  const again = (await hasSystemd())
    ? `systemctl restart ${unitNames(config.instance).worker}`
    : hint`stop the worker, then: ${command(`worker --state ${config.stateDir}`)}`;
  return failed(
    `${path} is missing, or not what the worker wrote`,
    hint`have it written again: ${again}`,
  );
}

export async function units({ config }: Ground): Promise<Finding> {
  if (!(await hasSystemd())) return skipped("no systemd here");
  const { worker, sockets: names } = unitNames(config.instance);
  if ((await unitProperty(worker, "LoadState")) !== "loaded")
    return skipped("mypaas was installed without units");
  const all = [worker, ...names];
  const states = await Promise.all(all.map((unit) => unitProperty(unit, "ActiveState")));
  const bad = all.findIndex((_, index) => states[index] !== "active");
  if (bad < 0) return ok(`${all.length} units are active`);
  return failed(`${all[bad]} is ${states[bad]}`, `see why: systemctl status ${all[bad]}`);
}

/** The receiver and Traefik come in through these. */
export async function sockets({ config }: Ground): Promise<Finding> {
  const { localSocket, receiverSocket, dockerSocket } = instancePaths(config);
  const paths = [localSocket, receiverSocket, dockerSocket];
  const isThere = await Promise.all(paths.map((path) => answers(path)));
  const bad = paths.find((_, index) => isThere[index] === false);
  if (bad === undefined) return ok(`${paths.length} sockets answer`);
  return failed(`nobody answers on ${bad}`, hint`repair it: sudo ${command("init")}`);
}

const portMs = 3000;

export async function httpPort({ config }: Ground): Promise<Finding> {
  const { bind, httpPort: port } = config;
  return atPort(config, port, async () => {
    const status = await httpStatus(reachable(bind), port, portMs);
    return ok(`${bind}:${port} answers, with ${status} for a name nobody has`);
  });
}

export async function httpsPort({ config }: Ground): Promise<Finding> {
  const { bind, httpsPort: port, server } = config;
  return atPort(config, port, async () => {
    const { pin } = readIdentity(await readFile(instancePaths(config).identity, "utf8"));
    const question = { serverName: `${server}.mypaas.invalid`, path: `${wireBase}/requests` };
    await askPinned({ ...question, address: reachable(bind), port, pin });
    return ok(`${bind}:${port} answers with this server's own certificate`);
  });
}

async function atPort(
  config: Ground["config"],
  port: number,
  look: () => Promise<Finding>,
): Promise<Finding> {
  try {
    return await look();
  } catch (error) {
    const holder = await portHolder(config.bind, port);
    const reason = error instanceof Error ? error.message : String(error);
    if (holder === undefined || /docker-proxy/.test(holder))
      return failed(
        `${config.bind}:${port}: ${reason}`,
        hint`start Traefik: sudo ${command("init")}`,
      );
    return failed(
      `${config.bind}:${port} is held by ${holder}, not by Traefik`,
      hint`stop that program, then run: sudo ${command("init")}`,
    );
  }
}

/** Every host that a live release or the server itself is reached by. */
export function liveHosts({ config, state }: Ground): readonly string[] {
  const routes = liveReleases(state).flatMap(({ release }) => release.spec.routes);
  const hosts = [
    ...(config.domain === undefined ? [] : [config.domain]),
    ...routes.map(({ host }) => host),
  ];
  return [...new Set(hosts)];
}

/** This host's addresses; behind a NAT the one that the caller dials is the only one that is known, unless somebody has said it. */
export async function addressesOf({ config, dialled }: Ground): Promise<readonly string[]> {
  const known = dialled === undefined ? [] : ((await lookUp(dialled)) ?? []);
  const own = addressesHere(config);
  // Who dials a loopback address sits on the machine, where that is as good as any.
  return [...new Set([...known.filter((address) => !isLoopback(address)), ...own, ...known])];
}

/** What a name leads to: by the DNS servers that this instance was told to ask, or as every program here would look it up. */
export async function addressesFound(
  { config }: Pick<Ground, "config">,
  host: string,
): Promise<readonly string[] | undefined> {
  if (config.resolvers === undefined) return lookUp(host);
  const answers = await askAddresses(host, config.resolvers);
  return answers.find(({ addresses }) => addresses !== undefined)?.addresses;
}

/** The server's own, and those of all hosts that want https. */
export async function certificates(ground: Ground): Promise<readonly Finding[]> {
  const { now, certificates: all } = ground;
  const broken = await storeTrouble(ground.config);
  return [
    await ownCertificate(ground),
    ...(broken === undefined
      ? []
      : [about("Traefik's certificates", failed(broken.reason, hintOf(broken) ?? ""))]),
    ...judgeHosts(all(), now()),
  ];
}

async function ownCertificate({ config, now }: Ground): Promise<Finding> {
  const path = instancePaths(config).identity;
  const certificate = new X509Certificate(await readFile(path));
  return judgeCertificate(
    {
      name: "the server's own",
      from: Date.parse(certificate.validFrom),
      until: Date.parse(certificate.validTo),
      renewal: hint`make a new one: rm ${path} && sudo ${command("init")}, then add the remote again`,
    },
    now(),
  );
}

/** The disks of the state, of blobs and of Docker; what is on one file system is said once. */
export async function disks(ground: Ground): Promise<readonly Finding[]> {
  const { stateDir } = ground.config;
  const root = await ground.engine().then(
    ({ rootDir }) => rootDir,
    () => "",
  );
  const places = [
    { title: "disk of the state", path: stateDir },
    { title: "disk of the blobs", path: instancePaths(ground.config).blobs },
    { title: "disk of Docker", path: root },
  ].filter(({ path }) => path !== "");
  const seen = new Map<number, Finding>();
  for (const { title, path } of places) {
    const { dev } = await stat(path);
    if (seen.has(dev)) continue;
    const { bsize, blocks, bavail, files, ffree } = await statfs(path);
    const disk = { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    const inodes = { totalInodes: files, freeInodes: ffree };
    seen.set(dev, about(title, judgeDisk({ path, ...disk, ...inodes })));
  }
  return [...seen.values()];
}

export async function memory(): Promise<MemoryHealth | undefined> {
  return parseMemory((await readIfThere("/proc/meminfo"))?.toString("utf8") ?? "");
}

/** Docker writes `x-json.log`, and turns it into `.1` and `.2`. */
export async function logSizes(containers: readonly SeenContainer[]): Promise<readonly SeenLog[]> {
  return Promise.all(
    containers
      .filter(({ logPath }) => logPath !== "")
      .map(async (container) => {
        const files = ["", ".1", ".2"].map((end) => `${container.logPath}${end}`);
        const sizes = await Promise.all(
          files.map((file) =>
            stat(file).then(
              ({ size }) => size,
              () => 0,
            ),
          ),
        );
        return { container, bytes: sizes.reduce((sum, size) => sum + size, 0) };
      }),
  );
}
