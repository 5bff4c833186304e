import type { Mount, Release } from "./release.ts";
import type { RoutingServer } from "../routing/release-routing.ts";
import type { PublishSpec } from "./spec.ts";
import { ownLabels, traefikLabels } from "../routing/labels.ts";
import { networkName, replicaName } from "./names.ts";

/** One container as mypaas wants it, in our words; `adapters/docker` translates it for the engine. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: string;
  readonly aliases: readonly string[];
  readonly mounts: readonly Mount[];
  readonly publish: readonly PublishSpec[];
  readonly maxCpu: number | undefined;
  readonly maxMemoryBytes: number | undefined;
  readonly stopTimeoutMs: number;
  readonly capAdd: readonly string[];
  readonly pidsLimit: number;
}

/**
 * What is left of Docker's default set: what entrypoints use that start as root, hand their data to a user and become that user
 * (postgres, redis, mysql), and servers whose root master binds a low port and signals workers of another user (nginx, php-fpm).
 * Left out: NET_RAW (forging packets to neighbours), MKNOD, SYS_CHROOT, SETFCAP, SETPCAP, AUDIT_WRITE, FSETID.
 */
const capabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETUID",
] as const;

/** Threads count too: generous for a JVM, small enough that a fork bomb stays the service's own problem. */
const pidsLimit = 1024;

/** One replica of a release as a container to be created; replica counts from 1. */
export function containerPlan(
  release: Release,
  replica: number,
  more: { readonly server: RoutingServer; readonly aliases?: readonly string[] },
): ContainerPlan {
  const { instance, spec } = release;
  return {
    name: replicaName(instance, spec.slug, release.number, replica),
    image: release.image,
    env: release.env,
    labels: { ...ownLabels(release, replica), ...traefikLabels(release, more.server) },
    network: networkName(instance),
    aliases: more.aliases ?? [],
    mounts: release.mounts,
    publish: spec.publish,
    maxCpu: spec.maxCpu,
    maxMemoryBytes: spec.maxMemoryBytes,
    stopTimeoutMs: spec.stopTimeoutMs,
    capAdd: capabilities,
    pidsLimit,
  };
}
