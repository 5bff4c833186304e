import { backName, nextName, serviceHostName } from "../../../core/release/names.ts";
import { web } from "../../../core/release/processes.ts";
import type { Release } from "../../../core/release/release.ts";
import { stopsOldFirst } from "../../../core/release/spec.ts";
import type { Names, Replica } from "../../../deploy/ports.ts";
import { replicaName } from "./container-plan.ts";
import type { Containers } from "./containers.ts";

/** Docker's DNS finds a container by its name and follows a rename at once, so a name of a service is the container name of a release's first replica. */
export function createServiceNames(containers: Containers): Names {
  const first = async ({ spec, number }: Release): Promise<Replica | undefined> =>
    (await containers.list(spec.service))
      .filter((one) => one.release === number && one.process === web && one.replica >= 1)
      .toSorted((a, b) => a.replica - b.replica)[0];
  return {
    refuseTakenName: ({ instance, spec }) =>
      containers.ensureNameFree(serviceHostName(instance, spec.slug), spec.service),
    giveName: async (release) => {
      const all = await containers.list(release.spec.service);
      for (const { id, name } of renames(release, all)) await containers.rename(id, name);
    },
    lendName: async (release, name) => {
      const { instance, spec } = release;
      const nameOf = name === "next" ? nextName : backName;
      const found = await first(release);
      if (found !== undefined) await containers.rename(found.id, nameOf(instance, spec.slug));
    },
    keepNameWhileLent: async (release) => {
      const { instance, spec } = release;
      // Such a release has had the name beside its container's own one from the start.
      if (stopsOldFirst(spec)) return;
      const found = await first(release);
      if (found !== undefined)
        await containers.aliasStopped(found.id, serviceHostName(instance, spec.slug));
    },
  };
}

/** The containers of a service that have a wrong name while `live` has the service's own; in the order in which names become free. */
export function renames(
  { instance, number, spec }: Pick<Release, "instance" | "number" | "spec">,
  containers: readonly Replica[],
): readonly { readonly id: string; readonly name: string }[] {
  const own = serviceHostName(instance, spec.slug);
  const wanted = containers.map((facts) => ({
    facts,
    name:
      facts.release === number && facts.process === web && facts.replica === 1
        ? own
        : replicaName(instance, spec.slug, facts),
  }));
  return wanted
    .filter(({ facts, name }) => facts.name !== name)
    .toSorted((a, b) => Number(a.name === own) - Number(b.name === own))
    .map(({ facts, name }) => ({ id: facts.id, name }));
}
