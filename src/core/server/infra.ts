import { acmeOf } from "./acme.ts";
import type { InstanceConfig } from "./instance.ts";
import type { Mount } from "../release/release.ts";
import { instancePaths, traefikUid } from "./instance.ts";
import {
  apiNetworkName,
  label,
  networkName,
  receiverNetworkName,
  traefikContainerName,
} from "../release/names.ts";

/** A container that belongs to mypaas itself (Traefik, the receiver), as `init` creates it; log rotation is that of services. */
export interface InfraPlan {
  readonly name: string;
  readonly image: string;
  /** Arguments after the image's own entrypoint. */
  readonly cmd: readonly string[];
  /** Secrets, perhaps: never said, and in a label only within the digest of the whole plan. */
  readonly env?: Readonly<Record<string, string>>;
  /** Numeric `uid:gid`. */
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly readOnly: true;
  readonly capDrop: readonly ["ALL"];
  readonly noNewPrivileges: true;
  readonly mounts: readonly Mount[];
  readonly ports: readonly InfraPort[];
  /** All are joined before the container starts; the first is the one it is created with. */
  readonly networks: readonly InfraEndpoint[];
  /** Lines of `options` in resolv.conf(5). */
  readonly dnsOptions?: readonly string[];
  readonly memoryBytes: number;
  readonly pidsLimit: number;
  readonly restart: "unless-stopped";
}

export interface InfraPort {
  readonly ip: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

export interface InfraEndpoint {
  readonly name: string;
  readonly aliases: readonly string[];
}

export interface NetworkPlan {
  readonly name: string;
  /** Without a way out; the host itself still reaches the containers in it. */
  readonly internal: boolean;
  readonly labels: Readonly<Record<string, string>>;
}

/** Where Traefik listens inside its container: above 1024, because it has no capability to listen below. */
export const traefikPorts = { web: 8000, websecure: 8443 } as const;

/** Paths inside Traefik's container, the same in `traefik/traefik.yml`. */
export const traefikPaths = {
  static: "/etc/mypaas/traefik.yml",
  dynamic: "/etc/mypaas/dynamic",
  docker: "/run/mypaas",
  acme: "/acme",
  acmeCa: "/etc/mypaas/acme-ca.pem",
} as const;

/** The name by which Traefik finds its own address on the API network; has a dot, so that no service can be called like it. */
export const traefikApiAlias = "traefik.api";

/** The three networks of an instance; only that of the services leads outside, so published ports are always bound there. */
export function networkPlans(instance: string): readonly NetworkPlan[] {
  const labels = { [label.instance]: instance };
  return [
    { name: networkName(instance), internal: false, labels },
    { name: apiNetworkName(instance), internal: true, labels },
    { name: receiverNetworkName(instance), internal: true, labels },
  ];
}

/** Traefik's container: no root, no capability, nothing writable but its certificates, Docker only through the filtered socket's directory; `dnsEnv` holds the values for the DNS provider. */
export function traefikContainer(
  config: InstanceConfig,
  dnsEnv: Readonly<Record<string, string>> = {},
): InfraPlan {
  const { instance, bind } = config;
  const paths = instancePaths(config);
  const mount = (source: string, target: string, readOnly = true): Mount => ({
    type: "bind",
    source,
    target,
    readOnly,
  });
  return {
    name: traefikContainerName(instance),
    image: config.traefikImage,
    cmd: [`--configFile=${traefikPaths.static}`],
    ...(Object.keys(dnsEnv).length === 0 ? {} : { env: dnsEnv }),
    user: `${traefikUid}:${traefikUid}`,
    labels: { [label.instance]: instance, [label.role]: "traefik" },
    readOnly: true,
    capDrop: ["ALL"],
    noNewPrivileges: true,
    mounts: [
      mount(paths.traefikStatic, traefikPaths.static),
      mount(paths.dynamicDir, traefikPaths.dynamic),
      mount(paths.dockerSocketDir, traefikPaths.docker),
      mount(paths.acmeDir, traefikPaths.acme, false),
      ...(acmeOf(config).hasCa ? [mount(paths.acmeCa, traefikPaths.acmeCa)] : []),
    ],
    ports: [
      { ip: bind, hostPort: config.httpPort, containerPort: traefikPorts.web },
      { ip: bind, hostPort: config.httpsPort, containerPort: traefikPorts.websecure },
    ],
    networks: [
      { name: networkName(instance), aliases: [] },
      { name: apiNetworkName(instance), aliases: [traefikApiAlias] },
      { name: receiverNetworkName(instance), aliases: [] },
    ],
    // Who waits for a name that appears (DESIGN §5) shares one look-up at a time; one lost packet must not hold up all of them for 5 s.
    dnsOptions: ["timeout:1", "attempts:2"],
    memoryBytes: 1024 * 1024 * 1024,
    pidsLimit: 512,
    restart: "unless-stopped",
  };
}
