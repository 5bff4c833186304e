import type { Mount, Release } from "./release.ts";
import type { RoutingServer } from "../routing/release-routing.ts";
import type { PublishSpec } from "./spec.ts";
import { ownLabels, traefikLabels } from "../routing/labels.ts";
import { commandWords } from "./command.ts";
import { commandName, label, networkName, replicaName, runName } from "./names.ts";

/** One container as mypaas wants it, in our words; `adapters/docker` translates it for the engine. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  /** In the place of the image's own CMD. */
  readonly command?: readonly string[];
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
    ...commonPlan(release),
    name: replicaName(instance, spec.slug, release.number, replica),
    labels: { ...ownLabels(release, replica), ...traefikLabels(release, more.server) },
    aliases: more.aliases ?? [],
    publish: spec.publish,
  };
}

/** What `# mypaas.release` runs, as a container that nobody reaches; undefined when there is nothing to run. */
export function commandPlan(release: Release): ContainerPlan | undefined {
  const { instance, spec } = release;
  if (spec.release === undefined) return undefined;
  return {
    ...commonPlan(release),
    name: commandName(instance, spec.slug, release.number),
    command: commandWords(spec.release),
    // Replica 0: goes with its release, and is none that could answer.
    labels: { ...ownLabels(release, 0), "traefik.enable": "false" },
    aliases: [],
    publish: [],
  };
}

/** A one-off container: everything that a replica has but routes, published ports and a place among the replicas. */
export function runPlan(
  release: Release,
  run: { readonly tag: string; readonly command: readonly string[]; readonly isDetached: boolean },
): ContainerPlan {
  const { instance, spec } = release;
  return {
    ...commonPlan(release),
    name: runName(instance, spec.slug, run.tag),
    command: run.command,
    labels: {
      [label.instance]: instance,
      [label.role]: "run",
      [label.service]: spec.service,
      [label.release]: String(release.number),
      [label.run]: run.isDetached ? "detached" : "attached",
      "traefik.enable": "false",
    },
    aliases: [],
    publish: [],
  };
}

function commonPlan(release: Release) {
  const { instance, spec } = release;
  return {
    image: release.image,
    env: release.env,
    network: networkName(instance),
    mounts: release.mounts,
    maxCpu: spec.maxCpu,
    maxMemoryBytes: spec.maxMemoryBytes,
    stopTimeoutMs: spec.stopTimeoutMs,
    capAdd: capabilities,
    pidsLimit,
  };
}
