import { formatAge, formatBytes } from "../format.ts";
import { label } from "../release/names.ts";
import { about, failed, isAtLeast, ok, warning, type Finding } from "./check.ts";
import type { Inventory, Known, SeenContainer, Serving } from "./inventory.ts";
import { command, hint } from "../hints.ts";

const loopRestarts = 3;
const loopAgeMs = 10 * 60_000;

/** Judges each live service: the number of running containers, and restart loops. */
export function judgeReplicas(all: Inventory, known: Known, now: number): readonly Finding[] {
  const live = known.serving.filter(
    ({ service, replicas }) => replicas > 0 && !known.busy.has(service),
  );
  if (live.length === 0) return [ok("no service runs")];
  return live.map((one) =>
    about(`service ${one.service}`, judgeOne(one, ownContainers(all, known), now)),
  );
}

/** Several instances may share one engine, and have services of the same name. */
const ownContainers = (all: Inventory, { instance }: Known): readonly SeenContainer[] =>
  all.containers.filter(
    ({ labels }) => labels[label.instance] === instance && labels[label.role] === "service",
  );

function judgeOne(
  { service, release, replicas }: Serving,
  all: readonly SeenContainer[],
  now: number,
): Finding {
  const own = all.filter(
    ({ labels }) => labels[label.service] === service && Number(labels[label.release]) === release,
  );
  const running = own.filter(({ state }) => state === "running").length;
  const loop = own.find((one) => isLooping(one, now));
  if (loop !== undefined)
    return failed(
      `${loop.name} was restarted ${loop.restarts} times, last ${formatAge(now - loop.startedAt)} ago`,
      hint`see why it ends: ${command(`logs ${service}`)}`,
    );
  const facts = `release ${release}, ${running} of ${replicas} replicas run`;
  if (running === replicas) return ok(facts);
  return failed(facts, hint`restart it: ${command(`restart ${service}`)}`);
}

const isLooping = ({ state, restarts, startedAt }: SeenContainer, now: number): boolean =>
  state === "restarting" || (restarts >= loopRestarts && now - startedAt < loopAgeMs);

/** Judges published ports: those open to everybody, past the firewall, and loopback ports that old engines expose. */
export function judgePublished(
  all: Inventory,
  known: Known,
  engineVersion: string,
): readonly Finding[] {
  const ports = ownContainers(all, known).flatMap(({ labels, published }) =>
    published.map((port) => ({ ...port, service: labels[label.service] ?? "" })),
  );
  const open = ports.filter(({ ip }) => ip === "0.0.0.0" || ip === "::");
  const local = ports.filter(({ ip }) => ip.startsWith("127."));
  const found = [
    // An engine lists a port for IPv4 and IPv6.
    ...unique(open).map(({ service, port, protocol }) => {
      const facts = `${service} publishes it on all addresses; ufw and firewalld do not block it`;
      const hint = `to limit it, bind it in the Dockerfile of ${service}: # mypaas.publish = 127.0.0.1:${port}:…`;
      return about(`port ${port}/${protocol}`, warning(facts, hint));
    }),
    // Loopback ports before Docker 28: moby/moby#45610.
    ...(isAtLeast(engineVersion, "28.0.0") ? [] : unique(local)).map((one) => {
      const facts = `${one.service} publishes it on ${one.ip}; before Docker 28, other machines on the network segment can reach it`;
      const hint = "upgrade Docker to 28 or newer: apt-get install --only-upgrade docker-ce";
      return about(`port ${one.port}/${one.protocol}`, warning(facts, hint));
    }),
  ];
  return found.length > 0
    ? found
    : [ok(ports.length === 0 ? "none" : `${ports.length}, each bound to one address`)];
}

const unique = <T extends { readonly port: number; readonly protocol: string }>(
  ports: readonly T[],
): readonly T[] => [...new Map(ports.map((one) => [`${one.port}/${one.protocol}`, one])).values()];

/** Three files of 10 MB, and what is written during a rotation. */
const rotatedBytes = 35e6;
const foreignBytes = 1e9;

export interface SeenLog {
  readonly container: SeenContainer;
  /** Size of all its files; undefined without a file. */
  readonly bytes: number | undefined;
}

/** Judges log files: those of this instance beyond their rotation, and large ones of others. */
export function judgeLogs(logs: readonly SeenLog[], instance: string): readonly Finding[] {
  const found = logs.flatMap(({ container, bytes = 0 }) => {
    const { name, labels, rotates } = container;
    const isOurs = labels[label.instance] === instance;
    if (bytes <= (isOurs ? rotatedBytes : foreignBytes)) return [];
    const facts = `${name}: ${formatBytes(bytes)}${rotates ? "" : ", without a size limit"}`;
    const hint = `empty it: truncate -s 0 ${container.logPath}`;
    return [about("container log", warning(facts, hint))];
  });
  if (found.length > 0) return found;
  const total = logs.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  return [ok(`${formatBytes(total)} in ${logs.length} containers`)];
}
