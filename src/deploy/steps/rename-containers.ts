import { replicaName, serviceContainerName } from "../../core/release/names.ts";
import type { Release } from "../../core/release/release.ts";
import type { ContainerFacts } from "../ports.ts";
import { untilDockerAnswers } from "../retry-while-down.ts";
import { messages } from "../messages.ts";
import { step } from "./step.ts";
import type { SwitchContext } from "../switch-context.ts";

/** Who waited dials again every 200 to 600 ms, or every 2 s and sometimes in vain where the DNS server upstream is slow or dead. */
export const waitersGraceMs = 10_000;

/** Gives the service's name, by which other services reach it, to the first replica of the release that is live. */
export async function renameContainers(context: SwitchContext): Promise<void> {
  const { clock, release, someWait, say } = context;
  await step(context, "take-names", async () => {
    if (someWait) {
      say(messages.reaching(release, waitersGraceMs));
      await clock.sleep(waitersGraceMs);
    }
    await nameReplicas(context, release);
  });
}

/** The same when nobody listens any more; what did not work is done again by the next switch. */
export async function renameContainersLater(context: SwitchContext): Promise<void> {
  const silent = { ...context, say: () => undefined };
  await untilDockerAnswers(silent, () => renameContainers(silent)).catch(() => undefined);
}

/** Renames nothing that has its name already; safe to repeat. */
export async function nameReplicas(context: SwitchContext, live: Release): Promise<void> {
  const containers = await context.engine.listContainers(context.service);
  for (const { id, name } of renames(live, containers))
    await context.engine.renameContainer(id, name);
}

/** Which containers of a service are called wrongly; in the order in which names become free. */
export function renames(
  { instance, number, spec }: Pick<Release, "instance" | "number" | "spec">,
  containers: readonly ContainerFacts[],
): readonly { readonly id: string; readonly name: string }[] {
  const own = serviceContainerName(instance, spec.slug);
  const wanted = containers.map((facts) => ({
    facts,
    name:
      facts.release === number && facts.replica === 1
        ? own
        : replicaName(instance, spec.slug, facts.release, facts.replica),
  }));
  return wanted
    .filter(({ facts, name }) => facts.name !== name)
    .toSorted((a, b) => Number(a.name === own) - Number(b.name === own))
    .map(({ facts, name }) => ({ id: facts.id, name }));
}
