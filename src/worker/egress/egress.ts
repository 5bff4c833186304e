import { egressContainerName, label } from "../../core/release/names.ts";
import {
  egressContainer,
  egressNetworkPlans,
  egressPlace,
} from "../../core/server/egress-container.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { World } from "../../core/world.ts";
import { atMost } from "../at-most.ts";
import type { Infra } from "../../adapters/engines/docker/infra.ts";
import { ownAddresses } from "../../adapters/reach.ts";

/** The one way of foreign code to the internet. */
export interface Egress {
  /** Lets `use` run while the proxy runs; several at once share it. */
  readonly during: <T>(use: (way: EgressWay) => Promise<T>) => Promise<T>;
  /** Removes the proxy and its networks where nothing uses them, such as what an earlier worker left. */
  readonly sweep: () => Promise<void>;
}

/** Where foreign code finds the proxy. */
export interface EgressWay {
  /** The network to join, and no other one. */
  readonly network: string;
  /** For `HTTPS_PROXY` and the like. */
  readonly proxy: string;
}

export interface EgressParts {
  readonly world: Pick<World, "execPath" | "sharedObjects" | "packageRoot" | "random">;
  readonly config: InstanceConfig;
  readonly engineSocket: string;
  readonly onBug?: (error: unknown) => void;
  readonly idleMs?: number;
}

/** The egress proxy of an instance: made when something needs it, removed a minute after the last use. */
export function openEgress(parts: EgressParts): Egress {
  const { config, idleMs = 60_000 } = parts;
  const { instance } = config;
  const plans = egressNetworkPlans(instance);
  let users = 0;
  let idle: NodeJS.Timeout | undefined;
  // One after the other: a proxy that goes away must not meet one that comes.
  const inTurn = atMost(1);
  const openInfra = async (): Promise<Infra> => {
    const { createInfra } = await import("../../adapters/engines/docker/infra.ts");
    return createInfra({ instance, socketPath: parts.engineSocket });
  };
  const start = async (): Promise<EgressWay> => {
    const infra = await openInfra();
    const { nodeFiles } = await import("../../adapters/host/node-files.ts");
    const [image, node] = await Promise.all([imageOf(parts, infra), nodeFiles(parts.world)]);
    for (const plan of plans) await infra.ensureNetwork(plan);
    await infra.ensureContainer(egressContainer(config, { image, node, own: ownAddresses() }));
    const { host, port } = egressPlace;
    return { network: plans[0]?.name ?? "", proxy: `http://${host}:${port}` };
  };
  const sweep = async (): Promise<void> => {
    if (users > 0) return;
    const infra = await openInfra();
    await infra.removeContainer(egressContainerName(instance));
    for (const { name } of plans) await infra.removeNetwork(name);
  };
  return {
    during: async (use) => {
      users += 1;
      clearTimeout(idle);
      try {
        return await use(await inTurn(start));
      } finally {
        users -= 1;
        if (users === 0)
          idle = setTimeout(() => void inTurn(sweep).catch(parts.onBug), idleMs).unref();
      }
    },
    sweep: () => inTurn(sweep),
  };
}

/** Builds the image of the proxy unless that very image is there; returns its reference. */
async function imageOf({ world, config }: EgressParts, infra: Infra): Promise<string> {
  const { receiverBundle, receiverImage } = await import("../../adapters/host/receiver-image.ts");
  const { hash, tar } = receiverImage(await receiverBundle(world.packageRoot, "egress"), "egress");
  const tag = `${config.instance}/egress:${hash.slice(0, 16)}`;
  if ((await infra.inspectImage(tag)) !== undefined) return tag;
  await infra.buildImage({
    tag,
    tar: tar(),
    labels: { [label.instance]: config.instance },
    id: world.random(16).toString("hex"),
    onLine: () => undefined,
    signal: AbortSignal.timeout(buildMs),
  });
  return tag;
}

const buildMs = 120_000;
