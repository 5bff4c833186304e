import { totalReplicas, web } from "../../core/release/processes.ts";
import { writeRoute } from "../../core/release/spec.ts";
import { ownRoutes } from "../../core/routing/takeovers.ts";
import { maySee, type Caller } from "../../core/wire/permissions.ts";
import type { PsProcess, PsReplica, PsService, PsSnapshot } from "../../core/actions/watch.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { Usage } from "../../adapters/engines/docker/usage.ts";
import type { ReplicaFacts } from "../../adapters/engines/docker/replicas.ts";
import { maintenanceOf } from "../../adapters/state/maintenance.ts";
import { overviews, type StoredOverview } from "../../adapters/state/overview.ts";
import { scaleOverrides } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";

interface PsParts {
  readonly state: State;
  readonly replicas: () => Promise<readonly ReplicaFacts[]>;
  readonly clock: Clock;
}

export interface PsRequest {
  readonly service?: string;
  readonly watch: boolean;
  readonly caller: Caller;
}

/** Time between the two readings that give the CPU usage. */
const firstPauseMs = 400;
const everyMs = 2000;
/** A container that runs shorter than this between two restarts is crashing. */
const steadyMs = 10_000;

/** The running services; with `watch` again every 2 s until the signal is aborted. */
export async function* watchServices(
  parts: PsParts,
  wanted: PsRequest,
  signal: AbortSignal,
): AsyncGenerator<PsSnapshot> {
  const { clock } = parts;
  const read = async (): Promise<readonly Seen[]> => {
    const replicas = (await parts.replicas()).filter(({ service }) => isShown(wanted, service));
    const seen = async (facts: ReplicaFacts) => {
      const usage = await facts.usage();
      return { facts, usage, at: clock.now() };
    };
    return Promise.all(replicas.map(seen));
  };
  let before = await read();
  for (let pause = firstPauseMs; !signal.aborted; pause = everyMs) {
    // An aborted sleep ends at once.
    await clock.sleep(pause, signal).catch(() => undefined);
    if (signal.aborted) return;
    const after = await read();
    const shown = (seen: Seen): PsReplica => {
      const then = before.find(({ facts }) => facts.id === seen.facts.id);
      return replicaOf(seen.facts, loadOf(then, seen), clock.now());
    };
    const services = overviews(parts.state)
      .filter(({ service }) => isShown(wanted, service))
      .map((one) => {
        const own = after.filter(({ facts }) => facts.service === one.service);
        return serviceOf(parts.state, one, own.map(shown));
      });
    yield { kind: "services", at: clock.now(), services };
    if (!wanted.watch) return;
    before = after;
  }
}

interface Seen {
  readonly facts: ReplicaFacts;
  readonly usage: Usage | undefined;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const isShown = ({ service, caller }: PsRequest, name: string): boolean =>
  (service ?? name) === name && maySee(caller, name);

function serviceOf(
  state: State,
  { service, current, job }: StoredOverview,
  replicas: readonly PsReplica[],
): PsService {
  const closed = maintenanceOf(state, service);
  const scales = scaleOverrides(state, service);
  const own = scales.get(web);
  const processes = (current?.release.spec.processes ?? []).map((one): PsProcess => {
    const set = scales.get(one.name);
    return {
      process: one.name,
      wanted: current?.state === "live" ? one.replicas : 0,
      ...(set !== undefined && { scaledByCommand: set }),
    };
  });
  return {
    service,
    ...(current !== undefined && { release: current.release.number }),
    state: current?.state ?? "none",
    routes: current === undefined ? [] : ownRoutes(current.release).map(writeRoute),
    wanted: current?.state === "live" ? totalReplicas(current.release.spec) : 0,
    ...(processes.length > 0 && { processes }),
    ...(own !== undefined && { scaledByCommand: own }),
    replicas,
    ...(closed !== undefined && { maintenance: { since: closed.since, text: closed.text } }),
    ...(job !== undefined && {
      job: { job: job.id, action: job.action, state: job.state, at: job.ended ?? job.created },
    }),
  };
}

type Load = Pick<PsReplica, "cpu" | "memoryBytes">;

function loadOf(then: Seen | undefined, { usage, at }: Seen): Load {
  if (usage === undefined) return {};
  const ms = at - (then?.at ?? at);
  const used = usage.cpuMs - (then?.usage?.cpuMs ?? Number.POSITIVE_INFINITY);
  // A restarted container counts from 0.
  return { memoryBytes: usage.memoryBytes, ...(ms > 0 && used >= 0 && { cpu: used / ms }) };
}

function replicaOf(facts: ReplicaFacts, load: Load, now: number): PsReplica {
  const { process, replica, release, state, health, restarts, exitCode, startedAt, memoryLimit } =
    facts;
  const upMs = state === "running" ? Math.max(0, now - startedAt) : undefined;
  const isCrashing = restarts > 0 && (state === "restarting" || (upMs ?? steadyMs) < steadyMs);
  return {
    ...(process !== web && { process }),
    replica,
    release,
    state: isCrashing ? "crashing" : state,
    ...(health !== undefined && { health }),
    restarts,
    ...(state !== "running" && { exitCode }),
    ...(upMs !== undefined && { upMs }),
    ...load,
    ...(memoryLimit !== undefined && { memoryLimit }),
  };
}
