import { endedFailure, ReplicaFailureError } from "../failures/replica-failure.ts";
import type { Replica } from "../ports.ts";
import type { SwitchContext } from "../switch-context.ts";

const betweenChecksMs = 100;

/** Many programs open their port, or take a first request, fail at what comes next and end. */
export const steadyMs = 250;

/** Does `work`, and throws as soon as one of the replicas has ended; the signal aborts when the work is not needed any more. */
export async function whileRunning(
  context: Pick<SwitchContext, "engine" | "clock">,
  replicas: readonly Replica[],
  work: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  for (const replica of replicas)
    if (replica.state !== "running") throw endedFailure(replica, replica, context.clock.now());
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await refuseEnded(context, replicas);
      await context.clock.sleep(betweenChecksMs, over.signal);
    }
  };
  try {
    await Promise.race([work(over.signal), watch()]);
  } finally {
    over.abort();
  }
  // The work may have ended before the next check.
  await refuseEnded(context, replicas);
}

async function refuseEnded(
  { engine, clock }: Pick<SwitchContext, "engine" | "clock">,
  replicas: readonly Replica[],
): Promise<void> {
  for (const before of replicas) {
    const now = await engine.replica(before.id);
    if (now?.state !== "running") throw endedFailure(before, now, clock.now());
    // From the cut-over on the engine starts a replica again when it ends.
    if (now.startedAt !== before.startedAt)
      throw new ReplicaFailureError(before, { kind: "restarted" });
  }
}
