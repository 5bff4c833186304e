import type { Release } from "../../core/release/release.ts";
import { healthHost } from "../../core/routing/labels.ts";
import type { ProbeTarget, Replica } from "../ports.ts";
import type { SwitchContext } from "../switch-context.ts";
import type { ReplicaCheck } from "./readiness.ts";

const dialTimeoutMs = 1_000;

/** Asks the engine about a replica, and the replica itself, once. */
export async function checkReplica(
  { engine }: Pick<SwitchContext, "engine">,
  release: Release,
  { id }: Pick<Replica, "id">,
): Promise<Omit<ReplicaCheck, "runningMs">> {
  const replica = await engine.replica(id);
  const target = replica && probeTarget(release, replica);
  return { replica, answer: target && (await engine.probe(target)) };
}

function probeTarget(
  { port, spec }: Release,
  { state, address }: Replica,
): ProbeTarget | undefined {
  if (port === undefined || state !== "running" || address === undefined) return undefined;
  const { healthcheck } = spec;
  if (healthcheck === undefined)
    return { address, port, http: undefined, timeoutMs: dialTimeoutMs };
  const http = { path: healthcheck.path, host: healthHost(spec) ?? address };
  // One answer may not take longer than the whole start.
  const timeoutMs = Math.min(healthcheck.timeoutMs, spec.startTimeoutMs);
  return { address, port, http, timeoutMs };
}
