import { whyEnded } from "../failures/look.ts";
import type { ContainerFacts } from "../ports.ts";
import type { SwitchContext } from "../switch-context.ts";
import { ReplicaFailureError } from "../failures/replica-failure.ts";

const betweenLooksMs = 100;

/** Many a program opens its port, or takes its first request, fails at what comes next and ends. */
export const steadyMs = 250;

/** Does `work`, and throws as soon as one of the replicas has ended; the signal it gets says that nobody waits for it any more. */
export async function whileRunning(
  context: Pick<SwitchContext, "engine" | "clock">,
  replicas: readonly ContainerFacts[],
  work: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  for (const facts of replicas)
    if (facts.state !== "running") throw whyEnded(facts, facts, context.clock.now());
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await refuseEnded(context, replicas);
      await context.clock.sleep(betweenLooksMs, over.signal);
    }
  };
  try {
    await Promise.race([work(over.signal), watch()]);
  } finally {
    over.abort();
  }
  // The work may have been quicker than the next look.
  await refuseEnded(context, replicas);
}

async function refuseEnded(
  { engine, clock }: Pick<SwitchContext, "engine" | "clock">,
  replicas: readonly ContainerFacts[],
): Promise<void> {
  for (const before of replicas) {
    const facts = await engine.inspectContainer(before.id);
    if (facts?.state !== "running") throw whyEnded(before, facts, clock.now());
    // From the cut-over on Docker starts again what ends.
    if (facts.startedAt !== before.startedAt)
      throw new ReplicaFailureError(before, { kind: "restarted" });
  }
}
