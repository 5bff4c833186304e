import { command, hint, onServer } from "../../core/hints.ts";
import { readFile, stat, statfs } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { X509Certificate } from "node:crypto";
import { isIPv4, isLoopback } from "../../core/server/addresses.ts";
import { judgeDisk } from "../../core/health/host.ts";
import { judgeCertificate, judgeHosts } from "../../core/health/certificates.ts";
import { about, failed, ok, skipped, type Finding } from "../../core/health/check.ts";
import type { SeenLog } from "../../core/health/services.ts";
import type { SeenContainer } from "../../core/health/inventory.ts";
import { instancePaths } from "../../core/server/instance.ts";
import { addressAndPort, bindsOf, reachable } from "../../core/server/listening.ts";
import { unitNames } from "../../core/server/units.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import { readIfThere } from "../../adapters/files.ts";
import { lookUpAddresses } from "../../adapters/certificates/dns-lookup.ts";
import { httpStatus, lookUp } from "../../adapters/reach.ts";
import { addressesHere, storeProblem } from "../certificates/server-facts.ts";
import { readIdentity } from "../../adapters/host/certificate.ts";
import { portHolder } from "../../adapters/host/host-facts.ts";
import { requestPinned } from "../../adapters/host/pinned-request.ts";
import { hasSystemd, unitProperty } from "../../adapters/host/systemd.ts";
import { liveReleases } from "../../adapters/state/releases.ts";
import { answers } from "../entries/sockets.ts";
import type { CheckContext } from "./check-context.ts";

/** Compares the dynamic file with the one that the worker would write. During a switch they may differ for a moment. */
export async function dynamicFile({ config, wantedFile }: CheckContext): Promise<Finding> {
  const { dynamicFile: path } = instancePaths(config);
  for (let tries = 0; tries < 5; tries += 1) {
    const text = (await readIfThere(path))?.toString("utf8");
    if (text === wantedFile()) return ok(`${path} matches the state`);
    await sleep(100);
  }
  const again = (await hasSystemd())
    ? `systemctl restart ${unitNames(config.instance).worker}`
    : hint`stop the worker, then: ${onServer(`worker --state ${config.stateDir}`)}`;
  return failed(`${path} is missing, or differs from the state`, hint`write it again: ${again}`);
}

export async function units({ config }: CheckContext): Promise<Finding> {
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

/** The receiver and Traefik connect to these. */
export async function sockets({ config }: CheckContext): Promise<Finding> {
  const { localSocket, receiverSocket, dockerSocket } = instancePaths(config);
  const paths = [localSocket, receiverSocket, dockerSocket];
  const isThere = await Promise.all(paths.map((path) => answers(path)));
  const bad = paths.find((_, index) => isThere[index] === false);
  if (bad === undefined) return ok(`${paths.length} sockets answer`);
  return failed(`${bad}: connection refused`, hint`repair it: sudo ${command("init")}`);
}

const portMs = 3000;

export const httpPort = (context: CheckContext): Promise<readonly Finding[]> =>
  atEachAddress(context, "http", async (address, place) => {
    const status = await httpStatus(address, context.config.httpPort, portMs);
    return ok(`${place} answers with status ${status} for an unknown host`);
  });

export const httpsPort = (context: CheckContext): Promise<readonly Finding[]> =>
  atEachAddress(context, "https", async (address, place) => {
    const { config } = context;
    const { httpsPort: port, server } = config;
    const { pin } = readIdentity(await readFile(instancePaths(config).identity, "utf8"));
    const question = { serverName: `${server}.mypaas.invalid`, path: `${wireBase}/requests` };
    await requestPinned({ ...question, address, port, pin });
    return ok(`${place} answers with this server's own certificate`);
  });

async function atEachAddress(
  { config }: CheckContext,
  scheme: "http" | "https",
  check: (address: string, place: string) => Promise<Finding>,
): Promise<readonly Finding[]> {
  const port = scheme === "http" ? config.httpPort : config.httpsPort;
  const binds = bindsOf(config);
  return Promise.all(
    binds.map(async (bind) => {
      const place = addressAndPort(bind, port);
      const found = await atPort(bind, port, () => check(reachable(bind), place));
      return binds.length === 1 ? found : about(`${scheme} port ${place}`, found);
    }),
  );
}

async function atPort(bind: string, port: number, check: () => Promise<Finding>): Promise<Finding> {
  try {
    return await check();
  } catch (error) {
    const holder = await portHolder(bind, port);
    const reason = error instanceof Error ? error.message : String(error);
    const place = addressAndPort(bind, port);
    const isOwn = holder !== undefined && /docker-proxy|^node /.test(holder);
    if (holder === undefined || isOwn) {
      const what = isIPv4(bind) ? "Traefik" : "Traefik and its relay for IPv6";
      return failed(`${place}: ${reason}`, hint`start ${what}: sudo ${command("init")}`);
    }
    const repair = hint`stop that program, then run: sudo ${command("init")}`;
    return failed(`${place} is held by ${holder}, not by Traefik`, repair);
  }
}

/** Every host of a live release, and the server's own. */
export function liveHosts({ config, state }: CheckContext): readonly string[] {
  const routes = liveReleases(state).flatMap(({ release }) => release.spec.routes);
  const own = config.domain === undefined ? [] : [config.domain];
  return [...new Set([...own, ...routes.map(({ host }) => host)])];
}

/** Addresses of this server. Behind a NAT, only the one that the caller connected to is known, unless it was configured. */
export async function addressesOf(context: CheckContext): Promise<readonly string[]> {
  const { config, calledHost } = context;
  const known = calledHost === undefined ? [] : ((await lookUp(calledHost)) ?? []);
  const own = addressesHere(config);
  // A caller on a loopback address is on this machine, where that address is fine.
  return [...new Set([...known.filter((address) => !isLoopback(address)), ...own, ...known])];
}

/** Addresses of a name: from the configured DNS servers, or from this machine's resolver. */
export async function addressesFound(
  { config }: Pick<CheckContext, "config">,
  host: string,
): Promise<readonly string[] | undefined> {
  if (config.resolvers === undefined) return lookUp(host);
  const answers = await lookUpAddresses(host, config.resolvers);
  return answers.find(({ addresses }) => addresses !== undefined)?.addresses;
}

/** The server's own certificate, and those of all hosts that want https. */
export async function certificates(context: CheckContext): Promise<readonly Finding[]> {
  const { now, certificates: all } = context;
  const broken = await storeProblem(context.config);
  const { reason, hint = "" } = broken ?? { reason: "" };
  return [
    await ownCertificate(context),
    ...(broken === undefined ? [] : [about("Traefik's certificates", failed(reason, hint))]),
    ...judgeHosts(all(), now()),
  ];
}

async function ownCertificate({ config, now }: CheckContext): Promise<Finding> {
  const path = instancePaths(config).identity;
  const { validFrom, validTo } = new X509Certificate(await readFile(path));
  const [from, until] = [Date.parse(validFrom), Date.parse(validTo)];
  const renewal = hint`make a new one: rm ${path} && sudo ${command("init")}, then add the remote again`;
  return judgeCertificate({ name: "the server's own", from, until, renewal }, now());
}

/** The disks of the state, of the blobs and of Docker; each file system once. */
export async function disks(context: CheckContext): Promise<readonly Finding[]> {
  const { config, engine } = context;
  const docker = await engine().catch(() => undefined);
  const places = {
    "disk of the state": config.stateDir,
    "disk of the blobs": instancePaths(config).blobs,
    "disk of Docker": docker?.rootDir ?? "",
  };
  const seen = new Map<number, Finding>();
  for (const [title, path] of Object.entries(places)) {
    if (path === "") continue;
    const { dev } = await stat(path);
    if (seen.has(dev)) continue;
    const { bsize, blocks, bavail, files, ffree } = await statfs(path);
    const disk = { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
    const inodes = { totalInodes: files, freeInodes: ffree };
    seen.set(dev, about(title, judgeDisk({ path, ...disk, ...inodes })));
  }
  return [...seen.values()];
}

/** Docker writes `x-json.log`, and rotates it to `.1` and `.2`. */
export async function logSizes(containers: readonly SeenContainer[]): Promise<readonly SeenLog[]> {
  return Promise.all(
    containers
      .filter(({ logPath }) => logPath !== "")
      .map(async (container) => {
        const files = ["", ".1", ".2"].map((end) => stat(`${container.logPath}${end}`));
        const sizes = (await Promise.allSettled(files)).map((one) =>
          one.status === "fulfilled" ? one.value.size : 0,
        );
        return { container, bytes: sizes.reduce((sum, size) => sum + size, 0) };
      }),
  );
}
