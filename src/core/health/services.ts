import { formatAge, formatBytes } from "../format.ts";
import { label } from "../release/names.ts";
import { about, failed, isAtLeast, ok, warning, type Finding } from "./check.ts";
import type { Inventory, Known, SeenContainer, Serving } from "./inventory.ts";
import { command, hint } from "../hints.ts";

const loopRestarts = 3;
const loopAgeMs = 10 * 60_000;

/** Each live service: as many containers as it should have, none of them in a loop. */
export function judgeReplicas(all: Inventory, known: Known, now: number): readonly Finding[] {
  const live = known.serving.filter(
    ({ service, replicas }) => replicas > 0 && !known.busy.has(service),
  );
  if (live.length === 0) return [ok("no service runs")];
  return live.map((one) =>
    about(`service ${one.service}`, judgeOne(one, ownContainers(all, known), now)),
  );
}

/** Several instances may share one engine, and their services names. */
function ownContainers(
  all: Inventory,
  { instance }: Pick<Known, "instance">,
): readonly SeenContainer[] {
  return all.containers.filter(
    ({ labels }) => labels[label.instance] === instance && labels[label.role] === "service",
  );
}

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
  return failed(facts, hint`begin it anew: ${command(`restart ${service}`)}`);
}

const isLooping = ({ state, restarts, startedAt }: SeenContainer, now: number): boolean =>
  state === "restarting" || (restarts >= loopRestarts && now - startedAt < loopAgeMs);

/** Ports that services publish: to everybody past the firewall, or to the machine alone, which older engines do not keep to. */
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
    // An engine lists a port once for each family.
    ...unique(open).map(({ service, port, protocol }) =>
      about(
        `port ${port}/${protocol}`,
        warning(
          `${service} publishes it to everybody; Docker opens it past ufw and firewalld`,
          `unless that is meant, bind it in the Dockerfile of ${service}: # mypaas.publish = 127.0.0.1:${port}:…`,
        ),
      ),
    ),
    // moby/moby#45610
    ...(isAtLeast(engineVersion, "28.0.0") ? [] : unique(local)).map(
      ({ service, ip, port, protocol }) =>
        about(
          `port ${port}/${protocol}`,
          warning(
            `${service} publishes it on ${ip}; before Docker 28 machines on the same network segment reach it too`,
            "upgrade Docker to 28 or newer: apt-get install --only-upgrade docker-ce",
          ),
        ),
    ),
  ];
  return found.length > 0 ? found : [ok(ports.length === 0 ? "none" : `${ports.length}, bound`)];
}

function unique<T extends { readonly port: number; readonly protocol: string }>(
  ports: readonly T[],
): readonly T[] {
  return [...new Map(ports.map((one) => [`${one.port}/${one.protocol}`, one])).values()];
}

/** Three files of 10 MB, and what is written while Docker turns them. */
const rotatedBytes = 35e6;
const foreignBytes = 1e9;

export interface SeenLog {
  readonly container: SeenContainer;
  /** All files of it together; undefined where it has none. */
  readonly bytes: number | undefined;
}

/** Logs of ours beyond their rotation, and of others that grow without an end. */
export function judgeLogs(logs: readonly SeenLog[], instance: string): readonly Finding[] {
  const found = logs.flatMap(({ container, bytes = 0 }) => {
    const { name, labels, rotates } = container;
    const isOurs = labels[label.instance] === instance;
    if (bytes <= (isOurs ? rotatedBytes : foreignBytes)) return [];
    const facts = `${name}: ${formatBytes(bytes)}${rotates ? "" : ", never cut off"}`;
    const hint = `empty it: truncate -s 0 ${container.logPath}`;
    return [about("container log", warning(facts, hint))];
  });
  if (found.length > 0) return found;
  const total = logs.reduce((sum, { bytes = 0 }) => sum + bytes, 0);
  return [ok(`${formatBytes(total)} in ${logs.length} containers`)];
}
