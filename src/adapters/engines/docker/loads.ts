import type { Load } from "../../../core/metrics/work.ts";
import { label } from "../../../core/release/names.ts";
import { bounded, openDocker } from "./client.ts";
import { inspectAny, listFilter } from "./owned.ts";
import { findUsage, readUsage, type UsageFiles } from "./usage.ts";

/** Reads the loads of all replicas of one instance that run. The engine is asked for one list, and about each container once. */
export function createLoads(options: {
  readonly instance: string;
  readonly socketPath: string;
}): () => Promise<readonly Load[]> {
  const { instance, socketPath } = options;
  const docker = openDocker(socketPath);
  const filters = { ...listFilter(instance, "service"), status: ["running"] };
  let known = new Map<string, UsageFiles>();
  const find = async (id: string): Promise<UsageFiles | undefined> => {
    const info = await inspectAny(docker, id);
    return info && findUsage(info.State.Pid);
  };
  return bounded(socketPath, async () => {
    const seen = new Map<string, UsageFiles>();
    const loads: Load[] = [];
    for (const { Id, Labels } of await docker.listContainers({ filters })) {
      const files = known.get(Id) ?? (await find(Id));
      const usage = files && (await readUsage(files));
      if (files === undefined || usage === undefined) continue;
      seen.set(Id, files);
      loads.push({ id: Id, service: Labels[label.service] ?? "", ...usage });
    }
    known = seen;
    return loads;
  });
}
