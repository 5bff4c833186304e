import type Docker from "dockerode";
import { label } from "../../../core/release/names.ts";
import { answering, openDocker, reaching } from "./client.ts";
import { inspectAny } from "./owned.ts";
import { createUsage, type ReadUsage, type Usage } from "./usage.ts";

/** One replica of a service as `ps` shows it. */
export interface ReplicaFacts {
  readonly id: string;
  readonly service: string;
  readonly release: number;
  readonly replica: number;
  /** As Docker says it: `running`, `restarting`, `exited`, `created` … */
  readonly state: string;
  /** Undefined without a health check of the image's own. */
  readonly health: string | undefined;
  /** How often Docker has started it again after it ended by itself. */
  readonly restarts: number;
  readonly exitCode: number;
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
    const filters = { label: [`${label.instance}=${instance}`, `${label.role}=service`] };
    const listed = await docker.listContainers({ all: true, filters });
    const infos = await Promise.all(listed.map(({ Id }) => inspectAny(docker, Id)));
    return infos
      .flatMap((info) => (info === undefined ? [] : [factsOf(info, readUsage)]))
      .filter(({ replica }) => replica >= 1)
      .toSorted((a, b) => a.release - b.release || a.replica - b.replica);
  };
  return reaching(socketPath, () => answering(list()));
}

function factsOf(info: Docker.ContainerInspectInfo, readUsage: ReadUsage): ReplicaFacts {
  const labels = info.Config.Labels;
  const { Status, ExitCode, StartedAt, Health, Pid } = info.State;
  const started = Date.parse(StartedAt);
  return {
    id: info.Id,
    service: labels[label.service] ?? "",
    release: Number(labels[label.release] ?? 0),
    replica: Number(labels[label.replica] ?? 0),
    state: Status,
    health: Health?.Status === "none" ? undefined : Health?.Status,
    restarts: info.RestartCount,
    exitCode: ExitCode,
    startedAt: Math.max(0, Number.isNaN(started) ? 0 : started),
    usage: () => readUsage(Pid),
    memoryLimit: info.HostConfig.Memory || undefined,
  };
}
