import { label, relayContainerName, relayNetworkName } from "../release/names.ts";
import { nodeMounts, locked, traefikPorts, type InfraPlan, type NetworkPlan } from "./infra.ts";
import type { InstanceConfig } from "./instance.ts";
import { addressAndPort, relayedOn } from "./listening.ts";
import { relayUid } from "./uids.ts";
import type { NodeFiles } from "./receiver-container.ts";

/** Where the relay listens, and the port of Traefik that it passes connections on to. */
export interface RelayDoor {
  readonly address: string;
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
}

/** What the relay has to do: its one argument, as JSON. */
export interface RelayOrder {
  readonly doors: readonly RelayDoor[];
  /** The user that it becomes when it listens. */
  readonly uid: number;
}

/** The network that only Traefik is in, with fixed addresses: connections from its gateway are those of the relay. */
export interface RelayNetwork {
  readonly gateway: string;
  readonly traefik: string;
}

/** Label with the addresses of the host that the relay listens on, separated by spaces. */
export const listensLabel = "mypaas.listens";

/** Addresses and ports that the relay listens on; empty where it is not needed. */
const relayPlaces = (
  config: Pick<InstanceConfig, "bind" | "httpPort" | "httpsPort">,
): readonly string[] =>
  relayedOn(config).flatMap((address) =>
    [config.httpPort, config.httpsPort].map((port) => addressAndPort(address, port)),
  );

/** The container that gives Traefik the connections of IPv6 with their clients' addresses: on the host's network, without Docker, read-only. Root only until it listens on a port below 1024. */
export function relayContainer(
  config: InstanceConfig,
  more: { readonly image: string; readonly node: NodeFiles; readonly network: RelayNetwork },
): InfraPlan {
  const { instance, httpPort, httpsPort } = config;
  const { traefik: host } = more.network;
  const isLow = httpPort < 1024 || httpsPort < 1024;
  const doors = relayedOn(config).flatMap((address): readonly RelayDoor[] => [
    { address, port: httpPort, to: { host, port: traefikPorts.web } },
    { address, port: httpsPort, to: { host, port: traefikPorts.websecure } },
  ]);
  const order: RelayOrder = { doors, uid: relayUid };
  return {
    name: relayContainerName(instance),
    image: more.image,
    cmd: [JSON.stringify(order)],
    user: isLow ? "0:0" : `${relayUid}:${relayUid}`,
    labels: {
      [label.instance]: instance,
      [label.role]: "relay",
      [listensLabel]: relayPlaces(config).join(" "),
      "mypaas.node": more.node.stamp,
    },
    ...locked,
    ...(isLow && { capAdd: ["NET_BIND_SERVICE", "SETGID", "SETUID"] as const }),
    mounts: nodeMounts(more.node),
    ports: [],
    networks: [],
    isOnHostNetwork: true,
    memoryBytes: 256 * 1024 * 1024,
    pidsLimit: 64,
    restart: "unless-stopped",
  };
}

/** The network of the relay as `init` makes it. */
export const relayNetworkPlan = (instance: string): NetworkPlan => ({
  name: relayNetworkName(instance),
  internal: true,
  hasOwnSubnet: true,
  labels: { [label.instance]: instance },
});

/** Traefik's address: the next after the gateway, in the form of Docker's bridge networks. Undefined where the subnet leaves no room. */
export function relayNetworkOf(gateway: string): RelayNetwork | undefined {
  const bytes = gateway.split(".").map(Number);
  const last = bytes[3];
  if (bytes.length !== 4 || last === undefined || last > 250) return undefined;
  return { gateway, traefik: [...bytes.slice(0, 3), last + 1].join(".") };
}
