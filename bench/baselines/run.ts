import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { ProberReport } from "../../test/support/prober.ts";
import { startLoad } from "../switch/load.ts";
import { bareHost, removeBare, startBare } from "./bare.ts";

type Containers = readonly Docker.Container[];

/** Replaces the containers of one release by those of the next and returns the new ones. */
export type Move = (old: Containers, create: () => Promise<Containers>) => Promise<Containers>;

/** Traefik takes two seconds to look again by default; a deploy begins when all is quiet. */
const betweenMs = 4_000;

/** Deploys some releases in one way under the load. */
export async function runBaseline(
  images: Parameters<typeof startBare>[0],
  { move, deploys, replicas }: { move: Move; deploys: number; replicas: number },
): Promise<ProberReport> {
  const bare = await startBare(images);
  try {
    const create = (release: number) =>
      Promise.all(Array.from({ length: replicas }, (_, at) => bare.create(release, at + 1)));
    let running: Containers = await create(1);
    for (const container of running) await container.start();
    await bare.ready();
    const load = startLoad(bare.port, bareHost);
    try {
      for (let release = 2; release < deploys + 2; release += 1) {
        running = await move(running, () => create(release));
        await sleep(betweenMs);
      }
    } finally {
      await load.stop();
    }
    return load.counts();
  } finally {
    await removeBare();
  }
}
