import { pageContainerName } from "../../core/release/names.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { pageContainer, pagePort } from "../../core/server/page-container.ts";
import type { World } from "../../core/world.ts";
import type { Clock } from "../../deploy/ports.ts";
import type { PagePorts } from "./maintenance.ts";

interface PageParts {
  readonly world: Pick<World, "execPath" | "sharedObjects">;
  readonly config: InstanceConfig;
  readonly clock: Clock;
  readonly engineSocket: string;
}

/** The container of the page; what makes it is loaded when a maintenance begins. */
export function pageOf({ world, config, clock, engineSocket }: PageParts): PagePorts {
  const { instance } = config;
  const name = pageContainerName(instance);
  const openInfra = async () => {
    const { createInfra } = await import("../../adapters/engines/docker/infra.ts");
    return createInfra({ instance, socketPath: engineSocket });
  };
  return {
    ensure: async () => {
      const { nodeFiles } = await import("../../adapters/host/node-files.ts");
      const infra = await openInfra();
      await infra.ensureContainer(pageContainer(config, await nodeFiles(world)));
      await untilItListens(() => infra.listens(name, pagePort), clock);
    },
    remove: async () => {
      // Requests that were told 503 just before may ask for the page only now.
      await clock.sleep(quietMs);
      await (await openInfra()).removeContainer(name);
    },
  };
}

const longestMs = 15_000;
const quietMs = 500;

/** A container that has just started takes no connections yet. The server itself cannot reach it. */
async function untilItListens(listens: () => Promise<boolean>, clock: Clock): Promise<void> {
  const deadline = clock.now() + longestMs;
  // oxlint-disable-next-line no-await-in-loop
  while (!(await listens())) {
    if (clock.now() >= deadline) throw new Error("the container of the page does not listen");
    // oxlint-disable-next-line no-await-in-loop
    await clock.sleep(50);
  }
}
