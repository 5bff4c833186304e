import type { Listener, ProbeAnswer, Replica } from "../ports.ts";
import type { ReplicaCheck } from "../steps/readiness.ts";
import type { SwitchContext } from "../switch-context.ts";

/** Why a replica cannot take over, in facts; `describe-failure.ts` has the words. */
export type ReplicaFailure =
  | { readonly kind: "not-started"; readonly error: string }
  | {
      readonly kind: "ended";
      readonly exitCode: number;
      readonly oomKilled: boolean;
      readonly afterMs: number;
      /** ENTRYPOINT and CMD. */
      readonly program?: readonly string[];
    }
  | { readonly kind: "removed" }
  | { readonly kind: "restarted" }
  | {
      readonly kind: "late";
      readonly afterMs: number;
      /** Undefined for a worker process. */
      readonly answer: ProbeAnswer | undefined;
      readonly health: Replica["health"];
      /** Undefined while HEALTHCHECK has not run. */
      readonly healthOutput: string | undefined;
      readonly listening: readonly Listener[];
    };

/** Ends a switch before it is done; on the way back it becomes a UserError with the last log lines of the replica. */
export class ReplicaFailureError extends Error {
  override readonly name = "ReplicaFailureError";
  readonly replica: Pick<Replica, "id" | "process" | "replica">;
  readonly failure: ReplicaFailure;

  constructor(replica: ReplicaFailureError["replica"], failure: ReplicaFailure, cause?: unknown) {
    super(failure.kind, { cause });
    this.replica = replica;
    this.failure = failure;
  }
}

/** The failure of a replica that does not run any more; `seen` is the replica now, undefined when it is gone. */
export function endedFailure(
  replica: Replica,
  seen: Replica | undefined,
  now: number,
): ReplicaFailureError {
  if (seen === undefined) return new ReplicaFailureError(replica, { kind: "removed" });
  const { error, exitCode, oomKilled, startedAt, program } = seen;
  if (error !== "") return new ReplicaFailureError(replica, { kind: "not-started", error });
  const afterMs = Math.max(0, now - startedAt);
  const ended = { kind: "ended", exitCode, oomKilled, afterMs } as const;
  return new ReplicaFailureError(replica, program === undefined ? ended : { ...ended, program });
}

/** The failure of a replica that did not become ready in time, with the places on which it listens instead. */
export async function lateFailure(
  { engine }: Pick<SwitchContext, "engine">,
  replica: Replica,
  check: Omit<ReplicaCheck, "runningMs"> & { readonly afterMs: number },
): Promise<ReplicaFailureError> {
  const { replica: seen, answer, afterMs } = check;
  const { health, healthOutput } = seen ?? {};
  const listening = await engine.listeners(replica.id);
  const failure = { kind: "late", afterMs, answer, health, healthOutput, listening } as const;
  return new ReplicaFailureError(replica, failure);
}
