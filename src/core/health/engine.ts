import { failed, isAtLeast, ok, warning, type Finding } from "./check.ts";
import { command, hint } from "../hints.ts";
import type { SeenRouter } from "../routing/traefik-snapshot.ts";

export interface EngineHealth {
  readonly version: string;
  readonly apiVersion: string;
  readonly storageDriver: string;
  readonly cgroupVersion: string | undefined;
}

/** Oldest version with BuildKit's sessions and the labels of containers. */
const oldestEngine = "20.10.0";
/** Docker 29 refuses Traefik's client before 3.6.1 (traefik/traefik#12253); mypaas is tested with this version. */
const oldestTraefik = "3.7.13";

const upgrade = "upgrade it: apt-get update && apt-get install --only-upgrade docker.io";

/** Judges Docker's version by known defects. */
export function judgeEngine(engine: EngineHealth): Finding {
  const { version, apiVersion, storageDriver, cgroupVersion } = engine;
  const cgroup = cgroupVersion === undefined ? "" : `, cgroup v${cgroupVersion}`;
  const facts = `${version}, API ${apiVersion}, ${storageDriver}${cgroup}`;
  if (!isAtLeast(version, oldestEngine))
    return failed(`${facts}: older than ${oldestEngine}, which mypaas needs`, upgrade);
  // moby/moby#42680: the seccomp profile refuses clone3 with EPERM, and glibc has no fallback for that.
  if (!isAtLeast(version, "20.10.10"))
    return warning(`${facts}: images with glibc 2.34 or newer cannot start threads`, upgrade);
  if (storageDriver === "vfs")
    return warning(
      `${facts}: every layer is a whole copy, which fills the disk`,
      'use overlay2: write {"storage-driver": "overlay2"} to /etc/docker/daemon.json, then systemctl restart docker',
    );
  return ok(facts);
}

/** Judges Traefik's version from its own API. */
export function judgeTraefik(version: string, container: string): Finding {
  if (isAtLeast(version, oldestTraefik)) return ok(`${version}, answers in ${container}`);
  return failed(
    `${version === "" ? "version unknown" : version}: older than ${oldestTraefik}, which mypaas needs`,
    hint`upgrade it: sudo ${command(`init --traefik-image traefik:v${oldestTraefik}`)}`,
  );
}

/** Judges the errors that Traefik reports about its routers. */
export function judgeRouting(
  routers: Readonly<Record<string, Pick<SeenRouter, "status" | "errors">>>,
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
    `read its log: docker logs --tail 50 ${container}`,
  );
}
