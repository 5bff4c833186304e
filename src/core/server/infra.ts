import { acmeOf } from "./acme.ts";
import { instancePaths, type InstanceConfig } from "./instance.ts";
import { traefikUid } from "./uids.ts";
import { publishedOn } from "./listening.ts";
import type { Mount } from "../release/release.ts";
import type { PublishSpec } from "../release/spec.ts";
import {
  apiNetworkName,
  label,
  networkName,
  receiverNetworkName,
  relayNetworkName,
  traefikContainerName,
} from "../release/names.ts";

/** A container of mypaas itself (Traefik, the receiver), as `init` creates it. Its log rotation is that of services. */
export interface InfraPlan {
  readonly name: string;
  readonly image: string;
  /** Arguments after the image's own entrypoint. */
  readonly cmd: readonly string[];
  /** May hold secrets: never shown, and in a label only as part of the plan's digest. */
  readonly env?: Readonly<Record<string, string>>;
  /** Numeric `uid:gid`. */
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly readOnly: true;
  readonly capDrop: readonly ["ALL"];
  readonly capAdd?: readonly string[];
  readonly noNewPrivileges: true;
  readonly mounts: readonly Mount[];
  readonly ports: readonly Omit<PublishSpec, "protocol">[];
  /** The container is created with the first, and joins the others before it starts. */
  readonly networks: readonly InfraEndpoint[];
  /** In place of networks of its own. */
  readonly isOnHostNetwork?: true;
  /** Lines of `options` in resolv.conf(5). */
  readonly dnsOptions?: readonly string[];
  readonly memoryBytes: number;
  readonly pidsLimit: number;
  readonly restart: "unless-stopped";
}

export interface InfraEndpoint {
  readonly name: string;
  readonly aliases: readonly string[];
  /** Only in a network with a subnet of its own. */
  readonly address?: string;
}

export interface NetworkPlan {
  readonly name: string;
  /** Without a route to the outside; the server and the containers still reach each other. */
  readonly internal: boolean;
  /** The server has no address in it, so that containers reach none of its listeners; nor does the server reach the containers. */
  readonly isWithoutServer?: true;
  /** Its subnet is written down, so that containers can have fixed addresses. */
  readonly hasOwnSubnet?: true;
  readonly labels: Readonly<Record<string, string>>;
}

/** Traefik's ports inside its container: above 1024, because it has no capabilities. */
export const traefikPorts = { web: 8000, websecure: 8443 } as const;

/** Paths inside Traefik's container, the same in `traefik/traefik.yml`. */
export const traefikPaths = {
  static: "/etc/mypaas/traefik.yml",
  dynamic: "/etc/mypaas/dynamic",
  docker: "/run/mypaas",
  acme: "/acme",
  acmeCa: "/etc/mypaas/acme-ca.pem",
} as const;

/** The name of Traefik's own address on the API network; it has a dot, as no service has. */
export const traefikApiAlias = "traefik.api";

/** The three networks of an instance. Only that of the services leads outside, so ports are always published there. The worker asks Traefik in that of the API; nothing but Traefik meets the receiver. */
export function networkPlans(instance: string): readonly NetworkPlan[] {
  const labels = { [label.instance]: instance };
  return [
    { name: networkName(instance), internal: false, labels },
    { name: apiNetworkName(instance), internal: true, labels },
    { name: receiverNetworkName(instance), internal: true, isWithoutServer: true, labels },
  ];
}

export const locked = { readOnly: true, capDrop: ["ALL"], noNewPrivileges: true } as const;

/** A file or directory of the host in a container; read-only by default. */
export const bindMount = (source: string, target: string, readOnly = true): Mount => ({
  type: "bind",
  source,
  target,
  readOnly,
});

/** The mounts of the host's Node. */
export const nodeMounts = ({ files }: MountedNode): readonly Mount[] =>
  files.map(({ source, target }) => bindMount(source, target));

interface MountedNode {
  readonly files: readonly { readonly source: string; readonly target: string }[];
}

/** Traefik's container: no root, no capability, read-only but for its certificates, Docker only through the filtered socket. `dnsEnv` holds the values for the DNS provider; `relay` is its address for the relay. */
export function traefikContainer(
  config: InstanceConfig,
  dnsEnv: Readonly<Record<string, string>> = {},
  relay?: string,
): InfraPlan {
  const { instance } = config;
  const paths = instancePaths(config);
  return {
    name: traefikContainerName(instance),
    image: config.traefikImage,
    cmd: [`--configFile=${traefikPaths.static}`],
    ...(Object.keys(dnsEnv).length === 0 ? {} : { env: dnsEnv }),
    user: `${traefikUid}:${traefikUid}`,
    labels: { [label.instance]: instance, [label.role]: "traefik" },
    ...locked,
    mounts: [
      bindMount(paths.traefikStatic, traefikPaths.static),
      bindMount(paths.dynamicDir, traefikPaths.dynamic),
      bindMount(paths.dockerSocketDir, traefikPaths.docker),
      bindMount(paths.acmeDir, traefikPaths.acme, false),
      ...(acmeOf(config).hasCa ? [bindMount(paths.acmeCa, traefikPaths.acmeCa)] : []),
    ],
    ports: publishedOn(config).flatMap((ip) => [
      { ip, hostPort: config.httpPort, containerPort: traefikPorts.web },
      { ip, hostPort: config.httpsPort, containerPort: traefikPorts.websecure },
    ]),
    networks: [
      { name: networkName(instance), aliases: [] },
      { name: apiNetworkName(instance), aliases: [traefikApiAlias] },
      { name: receiverNetworkName(instance), aliases: [] },
      ...(relay === undefined
        ? []
        : [{ name: relayNetworkName(instance), aliases: [], address: relay }]),
    ],
    // All waiting requests share one DNS lookup at a time; a lost packet must not delay them by 5 s.
    dnsOptions: ["timeout:1", "attempts:2"],
    memoryBytes: 1024 * 1024 * 1024,
    pidsLimit: 512,
    restart: "unless-stopped",
  };
}
