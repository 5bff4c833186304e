import { whyEnded } from "./look.ts";
import type { ContainerFacts } from "./ports.ts";
import type { Story } from "./story.ts";
import { TroubleError } from "./trouble.ts";

const betweenLooksMs = 100;

/** Many a program opens its port, or takes its first request, fails at what comes next and ends. */
export const steadyMs = 250;

/** Does `work`, and throws as soon as one of the replicas has ended; the signal it gets says that nobody waits for it any more. */
export async function whileRunning(
  story: Pick<Story, "engine" | "clock">,
  replicas: readonly ContainerFacts[],
  work: (over: AbortSignal) => Promise<void>,
): Promise<void> {
  for (const facts of replicas)
    if (facts.state !== "running") throw whyEnded(facts, facts, story.clock.now());
  const over = new AbortController();
  const watch = async (): Promise<void> => {
    for (;;) {
      await refuseEnded(story, replicas);
      await story.clock.sleep(betweenLooksMs, over.signal);
    }
  };
  try {
    await Promise.race([work(over.signal), watch()]);
  } finally {
    over.abort();
  }
  // The work may have been quicker than the next look.
  await refuseEnded(story, replicas);
}

async function refuseEnded(
  { engine, clock }: Pick<Story, "engine" | "clock">,
  replicas: readonly ContainerFacts[],
): Promise<void> {
  for (const before of replicas) {
    const facts = await engine.inspectContainer(before.id);
    if (facts?.state !== "running") throw whyEnded(before, facts, clock.now());
    // From the cut-over on Docker starts again what ends.
    if (facts.startedAt !== before.startedAt) throw new TroubleError(before, { kind: "restarted" });
  }
}
