import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import { dial, openDocker, reaching, tolerating, type InstanceEngine } from "./client.ts";
import { placeOf } from "./facts.ts";
import { createFrameReader, type RawLine } from "./log-frames.ts";
import { listFilter } from "./owned.ts";

export type { RawLine } from "./log-frames.ts";

/** A container whose output can be read. */
export interface LogContainer {
  /** The first 12 digits of its id, as people see it. */
  readonly id: string;
  readonly release: number;
  readonly process: string;
  readonly replica: number;
  readonly isRunning: boolean;
}

/** What to read of one container. */
export interface LogPart {
  /** RFC 3339 with nine digits; lines of that very time are included. */
  readonly since?: string | undefined;
  /** Only so many lines at its end. */
  readonly tail?: number | undefined;
  readonly isFollowed: boolean;
  readonly signal: AbortSignal;
}

/** The output of one instance's services. */
export interface LogSource {
  /** All replicas of a service that are there, running or not. */
  readonly list: (service: string) => Promise<readonly LogContainer[]>;
  /** Lines in batches as they come; ends with the container or where its log ends, at once when it is gone. */
  readonly read: (id: string, part: LogPart) => AsyncIterable<readonly RawLine[]>;
  /** Calls `onChange` whenever a container of the service starts, ends or goes; returns when the signal is aborted. */
  readonly watch: (service: string, onChange: () => void, signal: AbortSignal) => Promise<void>;
}

/** Reads logs from the engine's own files, so it knows only containers that are still there. */
export function createLogSource({
  instance,
  socketPath,
}: Omit<InstanceEngine, "docker">): LogSource {
  const docker = openDocker(socketPath);
  return {
    list: reaching(socketPath, async (service) => {
      const filters = listFilter(instance, "service", service);
      const listed = await docker.listContainers({ all: true, filters });
      return listed.map(fromListed).filter(({ replica }) => replica >= 1);
    }),
    read: async function* read(id, { since, tail, isFollowed, signal }) {
      const query = {
        stdout: 1,
        stderr: 1,
        timestamps: 1,
        follow: isFollowed ? 1 : 0,
        ...(since === undefined ? {} : { since: secondsOf(since) }),
        ...(tail === undefined ? {} : { tail }),
      };
      const opened = openStream(docker, `/containers/${id}/logs`, query, signal);
      const log = await tolerating([404, 409], opened);
      if (log === undefined) return;
      const take = createFrameReader();
      for await (const chunk of log) {
        const lines = take(chunk);
        if (lines.length > 0) yield lines;
      }
    },
    watch: async (service, onChange, signal) => {
      const filters = JSON.stringify({
        type: ["container"],
        event: ["start", "die", "destroy"],
        ...listFilter(instance, "service", service),
      });
      while (!signal.aborted) {
        try {
          const events = await openStream(docker, "/events", { filters }, signal);
          onChange();
          for await (const _chunk of events) onChange();
        } catch {
          // An engine that restarts is there again soon, and the caller looks by itself meanwhile.
        }
        await sleep(1000, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

function fromListed({ Id, Labels, State }: Docker.ContainerInfo): LogContainer {
  const { release, process, replica } = placeOf(Labels);
  return { id: Id.slice(0, 12), release, process, replica, isRunning: State === "running" };
}

/** The engine takes seconds and nanoseconds; a number of JavaScript is not exact enough for both. */
const secondsOf = (at: string): string =>
  `${Date.parse(`${at.slice(0, 19)}Z`) / 1000}.${at.slice(20, 29)}`;

/** dockerode's own calls read an answer to its end first, unless it is followed. */
const openStream = (
  docker: Docker,
  path: string,
  options: Readonly<Record<string, string | number>>,
  abortSignal: AbortSignal,
): Promise<AsyncIterable<Buffer>> =>
  dial(docker, {
    path: `${path}?`,
    method: "GET",
    options,
    isStream: true,
    abortSignal,
    statusCodes: { 200: true, 404: "gone", 409: "on its way out", 500: "server error" },
  });
