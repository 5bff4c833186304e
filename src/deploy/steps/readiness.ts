import type { Release } from "../../core/release/release.ts";
import type { ProbeAnswer, Replica } from "../ports.ts";

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

export type Readiness = "ready" | "waiting" | "ended";

/** Decides from one check of a replica whether it can take requests. */
export function readinessOf(
  release: Pick<Release, "port" | "imageHealthcheck">,
  { replica, answer, runningMs }: ReplicaCheck,
): Readiness {
  if (replica === undefined || replica.state === "ended") return "ended";
  if (replica.state !== "running") return "waiting";
  if (release.imageHealthcheck && replica.health !== "healthy") return "waiting";
  if (release.port === undefined) return runningMs >= workerProcessMs ? "ready" : "waiting";
  return answer?.kind === "ready" ? "ready" : "waiting";
}
