import type { Release } from "../core/release/release.ts";
import { healthHost } from "../core/routing/labels.ts";
import type { ContainerFacts, ProbeTarget } from "./ports.ts";
import type { Sighting } from "./readiness.ts";
import type { Story } from "./story.ts";
import type { Trouble } from "./trouble.ts";
import { listeners, TroubleError } from "./trouble.ts";

const dialTimeoutMs = 1_000;

/** Looks at a replica once: what Docker says of it, and what it answers. */
export async function lookAt(
  { engine, probe }: Pick<Story, "engine" | "probe">,
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
  { connections, engine }: Pick<Story, "connections" | "engine">,
  replica: ContainerFacts,
  { facts, answer, afterMs }: Omit<Sighting, "runningMs"> & { readonly afterMs: number },
): Promise<TroubleError> {
  const pid = (await engine.inspectContainer(replica.id))?.pid ?? 0;
  const sockets = (await connections.socketsOf(pid)) ?? [];
  return new TroubleError(replica, {
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
): TroubleError {
  return new TroubleError(replica, facts ? ended(facts, now) : { kind: "removed" });
}

function ended({ error, exitCode, oomKilled, startedAt }: ContainerFacts, now: number): Trouble {
  if (error !== "") return { kind: "not-started", error };
  return { kind: "ended", exitCode, oomKilled, afterMs: Math.max(0, now - startedAt) };
}
