import {
  egressContainerName,
  egressNetworkName,
  label,
  outsideNetworkName,
} from "../release/names.ts";
import { isAddress } from "./addresses.ts";
import { nodeMounts, locked, type InfraPlan, type NetworkPlan } from "./infra.ts";
import type { InstanceConfig } from "./instance.ts";
import { isPublicAddress } from "./public-addresses.ts";
import { canonicalAddress, inRange, readRange } from "./ranges.ts";
import { egressUid } from "./uids.ts";
import type { NodeFiles } from "./receiver-container.ts";

/** What the egress proxy has to do: its one argument, as JSON. */
export interface EgressOrder {
  readonly port: number;
  /** DNS servers as `InstanceConfig` has them; left out: those of the container. */
  readonly resolvers?: readonly string[];
  /** Public addresses of this server, which are refused like special ones. */
  readonly own: readonly string[];
  /** What the operator allows besides, as `readAllowed` reads it. */
  readonly allow: readonly string[];
  readonly limits: EgressLimits;
}

export interface EgressLimits {
  readonly connections: number;
  /** Of one connection, both directions together. */
  readonly bytes: number;
  readonly dialMs: number;
  /** Without a byte in either direction. */
  readonly silentMs: number;
  readonly totalMs: number;
}

const egressLimits: EgressLimits = {
  connections: 128,
  bytes: 4 * 1024 ** 3,
  dialMs: 10_000,
  silentMs: 120_000,
  totalMs: 60 * 60_000,
};

/** Ports that the proxy connects to: https and ssh. */
const egressPorts = [443, 22];

/** The proxy's name on its network, and its port. */
export const egressPlace = { host: "egress", port: 3128 } as const;

/** The reason for which the proxy makes no connection, by the HTTP status with which it says so; clients show often only the number. */
export const egressRefusals = {
  400: "not an address with a port",
  403: "not a public address",
  404: "no such host",
  405: "only CONNECT is served",
  406: "only the ports 443 and 22 are open",
  502: "the other side takes no connection",
  503: "too many connections",
  504: "no answer in time",
} as const;

export type EgressRefusal = keyof typeof egressRefusals;

/** An address or a range, with a port for another one than 443 and 22; undefined for other text. */
export function readAllowed(
  text: string,
): { readonly range: string; readonly port: number | undefined } | undefined {
  const [, six, four, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const read = readRange(six ?? four ?? text);
  if ("problem" in read || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535) return undefined;
  return { range: read.range, port: port === undefined ? undefined : Number(port) };
}

/** True where a connection may go: a public address that is not this server's own, or one that the operator allows. */
export function mayReach(
  { own, allow }: Pick<EgressOrder, "own" | "allow">,
  address: string,
  port: number,
): boolean {
  const isAllowed = allow.some((text) => {
    const one = readAllowed(text);
    if (one === undefined || !inRange(one.range, address)) return false;
    return one.port === undefined ? egressPorts.includes(port) : one.port === port;
  });
  if (isAllowed) return true;
  const isOwn = own.some((one) => canonicalAddress(one) === canonicalAddress(address));
  return egressPorts.includes(port) && isPublicAddress(address) && !isOwn;
}

/** True for a port that some address may be reached on. */
export const isOpenPort = ({ allow }: Pick<EgressOrder, "allow">, port: number): boolean =>
  egressPorts.includes(port) || allow.some((text) => readAllowed(text)?.port === port);

/** The target of a CONNECT; undefined for other text. */
export function readTarget(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const [, six, name, port = ""] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]{1,253})):(\d{1,5})$/i.exec(text) ?? [];
  const host = six ?? name;
  if (host === undefined || Number(port) > 65_535) return undefined;
  return six !== undefined && !isAddress(six) ? undefined : { host, port: Number(port) };
}

/** The container of the egress proxy: no Docker, no root, no capability, read-only, no file of mypaas. */
export function egressContainer(
  config: InstanceConfig,
  more: { readonly image: string; readonly node: NodeFiles; readonly own: readonly string[] },
): InfraPlan {
  const { instance, resolvers, egress } = config;
  const order: EgressOrder = {
    port: egressPlace.port,
    ...(resolvers !== undefined && { resolvers }),
    own: more.own.filter(isPublicAddress).toSorted(),
    allow: egress?.allow ?? [],
    limits: egressLimits,
  };
  return {
    name: egressContainerName(instance),
    image: more.image,
    cmd: [JSON.stringify(order)],
    user: `${egressUid}:${egressUid}`,
    labels: { [label.instance]: instance, [label.role]: "egress", "mypaas.node": more.node.stamp },
    ...locked,
    mounts: nodeMounts(more.node),
    ports: [],
    networks: [
      { name: egressNetworkName(instance), aliases: [egressPlace.host] },
      { name: outsideNetworkName(instance), aliases: [] },
    ],
    dnsOptions: ["timeout:2", "attempts:2"],
    memoryBytes: 192 * 1024 * 1024,
    pidsLimit: 64,
    restart: "unless-stopped",
  };
}

/** The network of foreign code, from which only the proxy is reached, not even this server; and the one through which the proxy reaches the internet. */
export function egressNetworkPlans(instance: string): readonly NetworkPlan[] {
  const labels = { [label.instance]: instance };
  return [
    { name: egressNetworkName(instance), internal: true, isWithoutServer: true, labels },
    { name: outsideNetworkName(instance), internal: false, labels },
  ];
}
