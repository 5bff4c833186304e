import { createHash } from "node:crypto";
import type Docker from "dockerode";
import type { ContainerPlan } from "./container-plan.ts";
import type { InfraPlan } from "../../../core/server/infra.ts";
import type { Mount } from "../../../core/release/release.ts";
import type { UlimitSpec } from "../../../core/release/spec.ts";

const logConfig = { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } };

/** Carries the hash of the plan that an infrastructure container was made from. */
export const planHashLabel = "mypaas.plan";

/** A service's container in the engine's words; no plan can ask for a privilege, the host's network or an unlimited log. */
export const createOptions = (plan: ContainerPlan): Docker.ContainerCreateOptions => ({
  name: plan.name,
  Image: plan.image,
  ...(plan.entrypoint === undefined ? {} : { Entrypoint: [...plan.entrypoint] }),
  ...(plan.command === undefined ? {} : { Cmd: [...plan.command] }),
  ...(plan.withoutHealthcheck === true && { Healthcheck: { Test: ["NONE"] } }),
  Env: envLines(plan.env),
  Labels: { ...plan.labels },
  StopTimeout: Math.ceil(plan.stopTimeoutMs / 1000),
  ExposedPorts: Object.fromEntries(plan.publish.map((port) => [portKey(port), {}])),
  HostConfig: {
    NetworkMode: plan.network,
    RestartPolicy: { Name: "no" },
    Init: plan.init,
    SecurityOpt: ["no-new-privileges"],
    CapDrop: ["ALL"],
    CapAdd: [...plan.capAdd],
    PidsLimit: plan.pidsLimit,
    LogConfig: logConfig,
    Mounts: plan.mounts.map(mountOptions),
    PortBindings: portBindings(plan.publish),
    ...(plan.shmBytes === undefined ? {} : { ShmSize: plan.shmBytes }),
    ...(plan.ulimits.length === 0 ? {} : { Ulimits: plan.ulimits.map(ulimitOptions) }),
    ...(plan.maxCpu === undefined ? {} : { NanoCpus: Math.round(plan.maxCpu * 1e9) }),
    ...(plan.maxMemoryBytes === undefined ? {} : memoryOptions(plan.maxMemoryBytes)),
  },
  NetworkingConfig: { EndpointsConfig: { [plan.network]: { Aliases: [...plan.aliases] } } },
});

/** A container of mypaas itself; only its first network is joined at creation, because older engines take one. */
export function infraOptions(plan: InfraPlan, imageId: string): Docker.ContainerCreateOptions {
  const ports = plan.ports.map((port) => ({ ...port, protocol: "tcp" as const }));
  const first = plan.networks[0];
  return {
    name: plan.name,
    Image: plan.image,
    Cmd: [...plan.cmd],
    ...(plan.env === undefined ? {} : { Env: envLines(plan.env) }),
    User: plan.user,
    Labels: { ...plan.labels, [planHashLabel]: infraHash(plan, imageId) },
    ExposedPorts: Object.fromEntries(ports.map((port) => [portKey(port), {}])),
    HostConfig: {
      ...(first === undefined ? {} : { NetworkMode: first.name }),
      // With remapped users, the engine refuses the host's network without its user ids.
      ...(plan.isOnHostNetwork && { NetworkMode: "host", UsernsMode: "host" }),
      RestartPolicy: { Name: plan.restart },
      Init: true,
      ReadonlyRootfs: plan.readOnly,
      SecurityOpt: ["no-new-privileges"],
      CapDrop: [...plan.capDrop],
      ...(plan.capAdd === undefined ? {} : { CapAdd: [...plan.capAdd] }),
      PidsLimit: plan.pidsLimit,
      ...(plan.dnsOptions === undefined ? {} : { DnsOptions: [...plan.dnsOptions] }),
      LogConfig: logConfig,
      Mounts: plan.mounts.map(mountOptions),
      PortBindings: portBindings(ports),
      ...memoryOptions(plan.memoryBytes),
    },
    ...(first === undefined
      ? {}
      : {
          NetworkingConfig: { EndpointsConfig: { [first.name]: { Aliases: [...first.aliases] } } },
        }),
  };
}

/** The environment as the engine takes it. */
export const envLines = (env: Readonly<Record<string, string>>): string[] =>
  Object.entries(env).map(([name, value]) => `${name}=${value}`);

/** Same plan and same image, same hash: such a container needs nothing. */
export const infraHash = (plan: InfraPlan, imageId: string): string =>
  createHash("sha256")
    .update(JSON.stringify([plan, imageId]))
    .digest("hex")
    .slice(0, 32);

/** Swap is not extra memory: a container above its limit is killed instead of becoming slow. */
export const memoryOptions = (bytes: number) => ({ Memory: bytes, MemorySwap: bytes });

/** A mount as the engine takes it. */
export function mountOptions(mount: Mount): Docker.MountSettings {
  const { type, source, target, readOnly } = mount;
  // Docker names the volume, and removes it with its container.
  if (type === "none") return { Type: "volume", Source: "", Target: target, ReadOnly: false };
  return { Type: type, Source: source, Target: target, ReadOnly: readOnly };
}

const ulimitOptions = ({ name, soft, hard }: UlimitSpec) => ({
  Name: name,
  Soft: soft,
  Hard: hard,
});

interface PortBinding {
  readonly ip: string;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly protocol: "tcp" | "udp";
}

const portKey = (port: PortBinding): string => `${port.containerPort}/${port.protocol}`;

function portBindings(ports: readonly PortBinding[]): Docker.PortMap {
  const bindings: Record<string, Docker.PortBinding[]> = {};
  for (const port of ports) {
    const host = { HostIp: port.ip, HostPort: String(port.hostPort) };
    bindings[portKey(port)] = [...(bindings[portKey(port)] ?? []), host];
  }
  return bindings;
}
