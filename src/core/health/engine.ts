import { failed, isAtLeast, ok, warning, type Finding } from "./check.ts";
import { command, hint } from "../hints.ts";

export interface EngineHealth {
  readonly version: string;
  readonly apiVersion: string;
  readonly storageDriver: string;
  readonly cgroupVersion: string | undefined;
}

/** What BuildKit's sessions and the labels of containers need. */
const oldestEngine = "20.10.0";
/** Traefik's client before 3.6.1 is refused by Docker 29 (traefik/traefik#12253), and mypaas' routing was proved with this one. */
const oldestTraefik = "3.7.13";

const upgrade = "upgrade it: apt-get update && apt-get install --only-upgrade docker.io";

/** Docker's version, and what is known to be bad about some. */
export function judgeEngine(engine: EngineHealth): Finding {
  const { version, apiVersion, storageDriver, cgroupVersion } = engine;
  const cgroup = cgroupVersion === undefined ? "" : `, cgroup v${cgroupVersion}`;
  const facts = `${version}, API ${apiVersion}, ${storageDriver}${cgroup}`;
  if (!isAtLeast(version, oldestEngine))
    return failed(`${facts}: older than ${oldestEngine}, which mypaas needs`, upgrade);
  // moby/moby#42680: its seccomp profile refuses clone3 with EPERM, after which glibc does not fall back.
  if (!isAtLeast(version, "20.10.10"))
    return warning(`${facts}: images with glibc 2.34 or newer cannot start threads`, upgrade);
  if (storageDriver === "vfs")
    return warning(
      `${facts}: every layer is a whole copy, which fills the disk`,
      'use overlay2: write {"storage-driver": "overlay2"} to /etc/docker/daemon.json, then systemctl restart docker',
    );
  return ok(facts);
}

/** Traefik's version as its own API tells it. */
export function judgeTraefik(version: string, container: string): Finding {
  if (isAtLeast(version, oldestTraefik)) return ok(`${version}, answers in ${container}`);
  return failed(
    `${version === "" ? "version unknown" : version}: older than ${oldestTraefik}, which mypaas needs`,
    hint`take a newer one: sudo ${command(`init --traefik-image traefik:v${oldestTraefik}`)}`,
  );
}

export interface RouterHealth {
  readonly status: string;
  readonly errors: readonly string[];
}

/** What Traefik says is wrong with its configuration. */
export function judgeRouting(
  routers: Readonly<Record<string, RouterHealth>>,
  container: string,
): Finding {
  const bad = Object.entries(routers).filter(
    ([, { status, errors }]) => status !== "enabled" || errors.length > 0,
  );
  const [first] = bad;
  if (first === undefined) return ok(`${Object.keys(routers).length} routers without an error`);
  const [name, { status, errors }] = first;
  const rest = bad.length === 1 ? "" : `, and ${bad.length - 1} more`;
  return failed(
    `router ${name} is ${status}: ${errors[0] ?? "no reason given"}${rest}`,
    `see what it says: docker logs --tail 50 ${container}`,
  );
}
