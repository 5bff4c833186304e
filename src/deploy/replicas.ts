import { byProcess } from "../core/release/processes.ts";
import type { Replica } from "./ports.ts";
import type { SwitchContext } from "./switch-context.ts";

type Place = Pick<SwitchContext, "engine" | "service">;

/** The replicas of one release of the service, those of `web` first, first replica first. */
export async function replicasOf(
  { engine, service }: Place,
  release: number,
): Promise<readonly Replica[]> {
  const all = await engine.replicas(service);
  return all.filter((one) => one.release === release).toSorted(byProcess);
}

/** Numbers of the releases of the service that the engine has anything of, without the one that stays. */
export async function otherReleases(
  { engine, service }: Place,
  stays: number | undefined,
): Promise<readonly number[]> {
  return (await engine.releases(service)).filter((number) => number !== stays);
}
