import type Docker from "dockerode";
import { byProcess } from "../../../core/release/processes.ts";
import type { Replica } from "../../../deploy/ports.ts";
import { bounded, openDocker } from "./client.ts";
import { placeOf, timeOf } from "./facts.ts";
import { inspectListed, listFilter } from "./owned.ts";
import { createUsage, type ReadUsage, type Usage } from "./usage.ts";

/** One replica of a service as `ps` shows it. */
export interface ReplicaFacts extends Pick<
  Replica,
  "id" | "service" | "release" | "process" | "replica" | "exitCode"
> {
  /** As Docker says it: `running`, `restarting`, `exited`, `created` … */
  readonly state: string;
  /** Undefined without a health check of the image's own. */
  readonly health: string | undefined;
  /** How often Docker has started it again after it ended by itself. */
  readonly restarts: number;
  /** Milliseconds since the epoch; 0 when it never started. */
  readonly startedAt: number;
  /** What it has used until now; undefined when that cannot be seen. */
  readonly usage: () => Promise<Usage | undefined>;
  /** Undefined where the container has none of its own. */
  readonly memoryLimit: number | undefined;
}

/** All replicas of all services of one instance, running or not, by release. */
export function createReplicas(options: {
  readonly instance: string;
  readonly socketPath: string;
  readonly readUsage?: ReadUsage;
}): () => Promise<readonly ReplicaFacts[]> {
  const { instance, socketPath, readUsage = createUsage() } = options;
  const docker = openDocker(socketPath);
  const list = async () => {
    const infos = await inspectListed(docker, listFilter(instance, "service"));
    return infos
      .map((info) => factsOf(info, readUsage))
      .filter(({ replica }) => replica >= 1)
      .toSorted((a, b) => a.release - b.release || byProcess(a, b));
  };
  return bounded(socketPath, list);
}

function factsOf(info: Docker.ContainerInspectInfo, readUsage: ReadUsage): ReplicaFacts {
  const labels = info.Config.Labels;
  const { Status, ExitCode, StartedAt, Health, Pid } = info.State;
  return {
    id: info.Id,
    ...placeOf(labels),
    state: Status,
    health: Health?.Status === "none" ? undefined : Health?.Status,
    restarts: info.RestartCount,
    exitCode: ExitCode,
    startedAt: timeOf(StartedAt),
    usage: () => readUsage(Pid),
    memoryLimit: info.HostConfig.Memory || undefined,
  };
}
