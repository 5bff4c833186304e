import type { Release } from "../../core/release/release.ts";
import type { ContainerFacts, ProbeAnswer } from "../ports.ts";

/** How long a process that listens nowhere has to run before it counts as ready. */
const workerProcessMs = 2_000;

export interface Sighting {
  readonly facts: ContainerFacts | undefined;
  /** Undefined for a worker process, and where the container has no address. */
  readonly answer: ProbeAnswer | undefined;
  readonly runningMs: number;
}

export type Readiness = "ready" | "waiting" | "ended";

/** Decides from one look at a replica whether it can take requests. */
export function judge(
  release: Pick<Release, "port" | "imageHealthcheck">,
  { facts, answer, runningMs }: Sighting,
): Readiness {
  if (facts === undefined || hasEnded(facts)) return "ended";
  if (facts.state !== "running") return "waiting";
  if (release.imageHealthcheck && facts.health !== "healthy") return "waiting";
  if (release.port === undefined) return runningMs >= workerProcessMs ? "ready" : "waiting";
  return answer?.kind === "ready" ? "ready" : "waiting";
}

/** True for a container that will not run again by itself; its restart policy is `no` until the cut-over. */
function hasEnded({ state }: ContainerFacts): boolean {
  return state === "exited" || state === "dead" || state === "removing";
}
