import type { Release } from "../../core/release/release.ts";
import { healthHost } from "../../core/routing/labels.ts";
import type { ContainerFacts, ProbeTarget } from "../ports.ts";
import type { Sighting } from "../steps/readiness.ts";
import type { SwitchContext } from "../switch-context.ts";
import type { ReplicaFailure } from "./replica-failure.ts";
import { listeners, ReplicaFailureError } from "./replica-failure.ts";

const dialTimeoutMs = 1_000;

/** Looks at a replica once: what Docker says of it, and what it answers. */
export async function lookAt(
  { engine, probe }: Pick<SwitchContext, "engine" | "probe">,
  release: Release,
  { id }: Pick<ContainerFacts, "id">,
): Promise<Omit<Sighting, "runningMs">> {
  const facts = await engine.inspectContainer(id);
  const target = facts && probeTarget(release, facts);
  return { facts, answer: target && (await probe.ask(target)) };
}

function probeTarget(
  { port, spec }: Release,
  { state, address }: ContainerFacts,
): ProbeTarget | undefined {
  if (port === undefined || state !== "running" || address === undefined) return undefined;
  const { healthcheck } = spec;
  if (healthcheck === undefined)
    return { address, port, http: undefined, timeoutMs: dialTimeoutMs };
  const http = { path: healthcheck.path, host: healthHost(spec) ?? address };
  // Nobody has to wait longer for one answer than for the whole start.
  const timeoutMs = Math.min(healthcheck.timeoutMs, spec.startTimeoutMs);
  return { address, port, http, timeoutMs };
}

/** Looks into the container for what it does instead of answering. */
export async function whyLate(
  { connections, engine }: Pick<SwitchContext, "connections" | "engine">,
  replica: ContainerFacts,
  { facts, answer, afterMs }: Omit<Sighting, "runningMs"> & { readonly afterMs: number },
): Promise<ReplicaFailureError> {
  const pid = (await engine.inspectContainer(replica.id))?.pid ?? 0;
  const sockets = (await connections.socketsOf(pid)) ?? [];
  return new ReplicaFailureError(replica, {
    kind: "late",
    afterMs,
    answer,
    health: facts?.health,
    healthOutput: facts?.healthOutput,
    listening: listeners(sockets),
  });
}

/** `facts`: what is seen of it now, undefined when it is gone. */
export function whyEnded(
  replica: ContainerFacts,
  facts: ContainerFacts | undefined,
  now: number,
): ReplicaFailureError {
  return new ReplicaFailureError(replica, facts ? ended(facts, now) : { kind: "removed" });
}

function ended(
  { error, exitCode, oomKilled, startedAt }: ContainerFacts,
  now: number,
): ReplicaFailure {
  if (error !== "") return { kind: "not-started", error };
  return { kind: "ended", exitCode, oomKilled, afterMs: Math.max(0, now - startedAt) };
}
