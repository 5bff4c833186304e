import { ofProcess } from "../../core/release/processes.ts";
import type { Release } from "../../core/release/release.ts";
import { healthHost } from "../../core/routing/labels.ts";
import type { ProbeAnswer, ProbeTarget, Replica } from "../ports.ts";
import type { SwitchContext } from "../switch-context.ts";

/** How long a process that listens nowhere has to run before it counts as ready. */
const workerProcessMs = 2_000;

/** A replica at one moment. */
export interface ReplicaCheck {
  /** Undefined when it is gone. */
  readonly replica: Replica | undefined;
  /** Undefined for a worker process, and where the replica has no address. */
  readonly answer: ProbeAnswer | undefined;
  readonly runningMs: number;
}

/** `unhealthy`: the image's HEALTHCHECK has failed as often as it may, after the start period that it asks for. */
export type Readiness = "ready" | "waiting" | "ended" | "unhealthy";

/** Decides from one check of a replica whether it can take requests. */
export function readinessOf(
  release: Pick<Release, "port" | "imageHealthcheck">,
  { replica, answer, runningMs }: ReplicaCheck,
): Readiness {
  if (replica === undefined || replica.state === "ended") return "ended";
  if (replica.state !== "running") return "waiting";
  if (release.imageHealthcheck && replica.health === "unhealthy") return "unhealthy";
  if (release.imageHealthcheck && replica.health !== "healthy") return "waiting";
  if (release.port === undefined) return runningMs >= workerProcessMs ? "ready" : "waiting";
  return answer?.kind === "ready" ? "ready" : "waiting";
}

const dialTimeoutMs = 1_000;

/** Asks the engine about a replica, and the replica itself, once. */
export async function checkReplica(
  { engine }: Pick<SwitchContext, "engine">,
  release: Release,
  { id, process }: Pick<Replica, "id" | "process">,
): Promise<Omit<ReplicaCheck, "runningMs">> {
  const replica = await engine.replica(id);
  const target = replica && probeTarget(ofProcess(release, process), replica);
  return { replica, answer: target && (await engine.probe(target)) };
}

function probeTarget(
  { port, spec }: Release,
  { state, address }: Replica,
): ProbeTarget | undefined {
  if (port === undefined || state !== "running" || address === undefined) return undefined;
  const { healthcheck, protocol } = spec;
  if (healthcheck === undefined)
    return { address, port, http: undefined, protocol, timeoutMs: dialTimeoutMs };
  const http = { path: healthcheck.path, host: healthHost(spec) ?? address };
  // One answer may not take longer than the whole start.
  const timeoutMs = Math.min(healthcheck.timeoutMs, spec.startTimeoutMs);
  return { address, port, http, protocol, timeoutMs };
}
