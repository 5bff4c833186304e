import type { ContainerPlan } from "../../core/release/container.ts";
import { containerPlan } from "../../core/release/container.ts";
import { serviceContainerName } from "../../core/release/names.ts";
import { replicaCount, stopsOldFirst } from "../../core/release/spec.ts";
import { ensureVolumes } from "../ensure-volumes.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";

/** Creates and starts every replica of the new release; the hold keeps requests away from them. */
export async function startReplicas(context: SwitchContext): Promise<void> {
  const { engine, release, signal, say } = context;
  const plans = replicaPlans(context);
  say(messages.starting(release));
  await step(context, "start", async () => {
    await ensureVolumes(engine, release);
    const ids: string[] = [];
    for (const plan of plans) {
      signal.throwIfAborted();
      ids.push(await engine.createContainer(plan));
    }
    // Until all have started or failed, so that none starts behind the back of the undoing.
    const started = await Promise.allSettled(ids.map((id) => engine.startContainer(id)));
    for (const one of started) if (one.status === "rejected") throw one.reason;
  });
}

/**
 * Where the old release stops first nobody else has the service's name, so the new one is found under it from the start;
 * elsewhere an alias would outlive the cut-over and lead callers to a release that is about to stop.
 */
function replicaPlans({ release, server }: SwitchContext): readonly ContainerPlan[] {
  const { instance, spec } = release;
  const alone = stopsOldFirst(spec) ? [serviceContainerName(instance, spec.slug)] : [];
  return Array.from({ length: replicaCount(spec.scale) }, (_, index) =>
    containerPlan(release, index + 1, { server, aliases: index === 0 ? alone : [] }),
  );
}
