import type { ContainerFacts } from "./ports.ts";
import type { SwitchContext } from "./switch-context.ts";

/** The containers of one release of the service, first replica first. */
export async function replicasOf(
  { engine, service }: Pick<SwitchContext, "engine" | "service">,
  release: number | undefined,
): Promise<readonly ContainerFacts[]> {
  const all = await engine.listContainers(service);
  return all.filter((facts) => facts.release === release).toSorted((a, b) => a.replica - b.replica);
}
