import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { EngineDisk } from "../../../core/server/disk.ts";
import { filesIn } from "../../disk-space.ts";
import { bounded, dial, openDocker, reasonOf } from "./client.ts";

/** The parts of the engine's answer that count. Engines write null where there is none of a kind. */
interface Answer {
  readonly LayersSize?: number;
  readonly Images?: readonly Image[] | null;
  readonly Containers?: readonly Container[] | null;
  readonly Volumes?: readonly Volume[] | null;
  readonly BuildCache?: readonly { readonly Size: number; readonly Shared: boolean }[] | null;
}

type Labels = Readonly<Record<string, string>> | null;

interface Image {
  readonly RepoTags: readonly string[] | null;
  readonly Labels: Labels;
  readonly Size: number;
  /** -1 where the engine does not know it. */
  readonly SharedSize: number;
}

interface Container {
  readonly Id: string;
  readonly Labels: Labels;
  readonly SizeRw?: number;
  readonly Mounts?: readonly { readonly Type: string; readonly Name?: string }[] | null;
}

interface Volume {
  readonly Name: string;
  readonly Labels: Labels;
  readonly UsageData?: { readonly Size: number } | null;
}

/** Asks the engine what fills its disk. It reads every file of every volume for that. */
export const engineDisk = (socketPath: string): Promise<EngineDisk> =>
  bounded(socketPath, read)(openDocker(socketPath));

async function read(docker: Docker): Promise<EngineDisk> {
  const [answer, info] = await Promise.all([ask(docker), docker.info()]);
  const { DockerRootDir } = info as { readonly DockerRootDir: string };
  const containers = (answer.Containers ?? []).map(async (one) => ({
    labels: one.Labels ?? {},
    written: one.SizeRw ?? 0,
    logs: await logBytes(`${DockerRootDir}/containers/${one.Id}`),
    volumes: (one.Mounts ?? []).flatMap(({ Type, Name }) =>
      Type === "volume" && Name !== undefined ? [Name] : [],
    ),
  }));
  return {
    rootDir: DockerRootDir,
    layers: answer.LayersSize ?? 0,
    images: (answer.Images ?? []).map(({ RepoTags, Labels, Size, SharedSize }) => ({
      tags: RepoTags ?? [],
      labels: Labels ?? {},
      unique: Size - Math.max(0, SharedSize),
    })),
    containers: await Promise.all(containers),
    volumes: (answer.Volumes ?? []).map(({ Name, Labels, UsageData }) => ({
      name: Name,
      labels: Labels ?? {},
      bytes: Math.max(0, UsageData?.Size ?? 0),
    })),
    cache: (answer.BuildCache ?? []).reduce(
      (sum, { Size, Shared }) => sum + (Shared ? 0 : Math.max(0, Size)),
      0,
    ),
  };
}

const triesMs = [200, 400, 800, 1600, 3200, 6400];

/** Older engines do it for one caller at a time and refuse the others. Engines from version 29 on answer in another form, unless they are asked for the older one. */
async function ask(docker: Docker): Promise<Answer> {
  for (const wait of triesMs) {
    try {
      const answer: Answer = await docker.df();
      return answer.LayersSize === undefined ? await askOlder(docker) : answer;
    } catch (error) {
      if (!reasonOf(error).includes("already running")) throw error;
      await sleep(wait);
    }
  }
  return docker.df() as Promise<Answer>;
}

const askOlder = (docker: Docker): Promise<Answer> =>
  dial<Answer>(docker, {
    path: "/v1.44/system/df",
    method: "GET",
    statusCodes: { 200: true, 500: "server error" },
  });

/** The files in which the engine keeps what a container prints, by any of its own drivers. */
async function logBytes(folder: string): Promise<number> {
  const files = await filesIn(folder);
  return files.reduce(
    (sum, { path, bytes }) => (/-json\.log(\.|$)|^local-logs\//.test(path) ? sum + bytes : sum),
    0,
  );
}
