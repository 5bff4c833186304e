import type { Release } from "../../../core/release/release.ts";
import type { Releases, Replica } from "../../../deploy/ports.ts";
import { commandPlan, replicaPlans } from "./container-plan.ts";
import type { Containers } from "./containers.ts";
import { isReplica } from "./facts.ts";

/** Releases as containers of one Docker Engine. */
export function createReleases(containers: Containers): Omit<Releases, "removeOneOffs"> {
  const of = async (service: string, number: number): Promise<readonly Replica[]> =>
    (await containers.list(service)).filter(({ release }) => release === number);
  const replicasOf = async ({ spec, number }: Release) =>
    (await of(spec.service, number)).filter(isReplica);
  return {
    start: async (release, { server, signal }) => {
      const ids: string[] = [];
      for (const plan of replicaPlans(release, server)) {
        signal.throwIfAborted();
        ids.push(await containers.create(plan));
      }
      // Until all have started or failed, so that none starts while an undo removes the others.
      await all(ids, (id) => containers.start(id));
    },
    stop: async (release) => {
      const { stopTimeoutMs } = release.spec;
      await all(await replicasOf(release), ({ id }) => containers.stop(id, stopTimeoutMs));
    },
    startAgain: async (release) => {
      for (const { id, state } of await replicasOf(release))
        if (state !== "running") await containers.start(id);
    },
    keepRunning: async (release) =>
      all(await replicasOf(release), ({ id }) => containers.setRestartPolicy(id, "unless-stopped")),
    remove: async ({ service, number }, graceMs) =>
      all(await of(service, number), async ({ id }) => {
        if (graceMs !== undefined) await containers.stop(id, graceMs);
        await containers.remove(id);
      }),
    releases: async (service) => [
      ...new Set((await containers.list(service)).map(({ release }) => release)),
    ],
    runCommand: async (release, run) => {
      const id = await containers.create(commandPlan(release));
      try {
        return await containers.runToEnd(id, run);
      } finally {
        await containers.remove(id);
      }
    },
  };
}

/** Does work on all of them side by side; throws the first error once all have ended. */
async function all<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const ended = await Promise.allSettled(items.map((item) => work(item)));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
}
