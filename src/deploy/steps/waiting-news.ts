import { byProcess, ofProcess } from "../../core/release/processes.ts";
import type { Release } from "../../core/release/release.ts";
import { messages, replicaWord } from "../messages.ts";
import type { ProbeAnswer, Replica } from "../ports.ts";
import type { SwitchContext } from "../switch-context.ts";
import type { ReplicaCheck } from "./readiness.ts";

const betweenLooksMs = 5_000;
/** So that a long wait in which nothing changes is seen to go on. */
const betweenSamesMs = 60_000;

type ReplicaName = Pick<Replica, "process" | "replica">;

export interface WaitingNews {
  /** Takes what a check of a replica showed; undefined once it is ready. */
  readonly saw: (replica: ReplicaName, check: Omit<ReplicaCheck, "runningMs"> | undefined) => void;
  /** Says what is waited for until the signal aborts: one line for all replicas with the same reason, and only when it has changed. */
  readonly tell: (signal: AbortSignal) => Promise<void>;
}

/** Tells why the replicas of a release are not ready yet. */
export function createWaitingNews(
  { clock, say }: Pick<SwitchContext, "clock" | "say">,
  release: Release,
): WaitingNews {
  const begun = clock.now();
  const reasons = new Map<string, { readonly one: ReplicaName; readonly reason: string }>();
  const told = new Set<string>();
  let saidAt = begun;

  const tellOnce = (): void => {
    const now = clock.now();
    const isDue = now - saidAt >= betweenSamesMs;
    for (const reason of new Set(Array.from(reasons.values(), (known) => known.reason))) {
      const replicas = [...reasons.values()].filter((known) => known.reason === reason);
      const keys = replicas.map(({ one }) => `${keyOf(one)} ${reason}`);
      if (keys.every((key) => told.has(key)) && !isDue) continue;
      for (const key of keys) told.add(key);
      const inOrder = replicas.map(({ one }) => one).toSorted(byProcess);
      const names = inOrder.map((one) => replicaWord(release, one));
      say(messages.stillWaiting(names, { ms: now - begun, reason }));
      saidAt = now;
    }
  };
  return {
    saw: (replica, check) => {
      const key = keyOf(replica);
      if (check === undefined) reasons.delete(key);
      else {
        const reason = whyWaiting(ofProcess(release, replica.process), check);
        reasons.set(key, { one: replica, reason });
      }
    },
    tell: async (signal) => {
      for (;;) {
        await clock.sleep(betweenLooksMs, signal);
        tellOnce();
      }
    },
  };
}

const keyOf = ({ process, replica }: ReplicaName): string => `${process} ${replica}`;

/** The reason for which a replica is not ready yet, in the words of the failure that it would be. */
function whyWaiting(
  { port, imageHealthcheck, spec }: Release,
  { replica, answer }: Omit<ReplicaCheck, "runningMs">,
): string {
  if (replica?.state !== "running") return "its container does not run yet";
  if (imageHealthcheck && replica.health !== "healthy")
    return `the image's HEALTHCHECK says ${replica.health ?? "nothing"}`;
  const what = spec.healthcheck?.path ?? `port ${port ?? ""}`;
  return answer === undefined ? `${what} is not reachable` : describe(what, port, answer);
}

function describe(what: string, port: number | undefined, answer: ProbeAnswer): string {
  switch (answer.kind) {
    case "refused":
      return `nothing listens on port ${port ?? ""}`;
    case "slow":
      return `${what} gives no answer`;
    case "not-h2c":
      return `port ${port ?? ""} does not speak HTTP/2 without TLS (h2c)`;
    case "unreachable":
      return `${what} is cut off (${answer.reason})`;
    case "status":
    case "grpc-status":
      return `${what} answers ${answer.status}`;
    case "ready":
      return "it has answered once";
  }
}
