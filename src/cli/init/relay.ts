import { UserError } from "../../core/errors.ts";
import { networkName, relayContainerName } from "../../core/release/names.ts";
import type { Gateways } from "../../core/routing/traefik-static.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import { relayedOn } from "../../core/server/listening.ts";
import type { NodeFiles } from "../../core/server/receiver-container.ts";
import {
  relayContainer,
  relayNetworkOf,
  relayNetworkPlan,
  type RelayNetwork,
} from "../../core/server/relay-container.ts";
import { trustsLocalProxy } from "../../core/server/trusted-proxies.ts";
import type { Infra } from "../../adapters/engines/docker/infra.ts";
import { ensureContainer } from "./containers.ts";
import { ensureProgramImage } from "./images.ts";
import { didOf, type Report } from "./report.ts";

/** Makes the network between the relay and Traefik; undefined where the server listens on no IPv6 address. */
export async function ensureRelayNetwork(
  config: InstanceConfig,
  infra: Infra,
  report: Report,
): Promise<RelayNetwork | undefined> {
  if (relayedOn(config).length === 0) return undefined;
  const plan = relayNetworkPlan(config.instance);
  report.done(`network ${plan.name}`, didOf(await infra.ensureNetwork(plan)));
  const { gateway } = (await infra.inspectNetwork(plan.name)) ?? {};
  const network = gateway === undefined ? undefined : relayNetworkOf(gateway);
  if (network !== undefined) return network;
  throw new UserError(
    `network "${plan.name}": should have an IPv4 gateway, got ${gateway ?? "none"}`,
    {
      hint: `remove it and run init again: docker network rm ${plan.name}`,
    },
  );
}

/** The addresses from which Traefik sees programs of this server. */
export async function gatewaysOf(
  config: InstanceConfig,
  infra: Infra,
  relay: RelayNetwork | undefined,
): Promise<Gateways> {
  const services = trustsLocalProxy(config)
    ? (await infra.inspectNetwork(networkName(config.instance)))?.gateway
    : undefined;
  return { services, relay: relay?.gateway };
}

/** Makes the relay's container, or removes one that is not needed any more. */
export async function ensureRelay(
  tools: Parameters<typeof ensureProgramImage>[0],
  of: {
    readonly config: InstanceConfig;
    readonly node: NodeFiles;
    readonly network: RelayNetwork | undefined;
  },
): Promise<void> {
  const { infra, report } = tools;
  const { config, node, network } = of;
  if (network === undefined) {
    const name = relayContainerName(config.instance);
    if (await infra.removeContainer(name)) report.done(`container ${name}`, "removed");
    return;
  }
  const image = await ensureProgramImage(tools, "relay");
  await ensureContainer(infra, relayContainer(config, { image, node, network }), report);
}
