import { launchWords } from "../../../core/image/buildpacks.ts";
import { commandWords } from "../../../core/release/command.ts";
import { label, networkName, serviceHostName } from "../../../core/release/names.ts";
import type { Mount, Release } from "../../../core/release/release.ts";
import { web } from "../../../core/release/processes.ts";
import {
  replicaCount,
  stopsOldFirst,
  type ProcessSpec,
  type PublishSpec,
  type UlimitSpec,
} from "../../../core/release/spec.ts";
import { ownLabels, traefikLabels } from "../../../core/routing/labels.ts";
import type { RoutingServer } from "../../../core/routing/release-routing.ts";
import type { Replica } from "../../../deploy/ports.ts";

/** One container as mypaas wants it, in our words; `create-options.ts` translates it for Docker. */
export interface ContainerPlan {
  readonly name: string;
  readonly image: string;
  /** In the place of the image's own ENTRYPOINT. */
  readonly entrypoint?: readonly string[];
  /** In the place of the image's own CMD. */
  readonly command?: readonly string[];
  /** The image's HEALTHCHECK does not run. */
  readonly withoutHealthcheck?: true;
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
  /** The engine's init process is process 1. */
  readonly init: boolean;
  readonly shmBytes: number | undefined;
  readonly ulimits: readonly UlimitSpec[];
}

/**
 * What is left of Docker's default set: what entrypoints use that start as root, hand their data to a user and become that user
 * (postgres, redis, mysql), and servers whose root master binds a low port and signals workers of another user (nginx, php-fpm).
 * SETPCAP lets an entrypoint give capabilities up for good (`setpriv --bounding-set`); it can take none that is not in this list.
 * Left out: NET_RAW (forging packets to neighbours), MKNOD, SYS_CHROOT, SETFCAP, AUDIT_WRITE, FSETID.
 */
const capabilities = [
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "KILL",
  "NET_BIND_SERVICE",
  "SETGID",
  "SETPCAP",
  "SETUID",
];

/** Threads count too: generous for a JVM, small enough that a fork bomb stays the service's own problem. */
const pidsLimit = 1024;

/**
 * The replicas of a release as containers to be created. Where the old release stops first no other container has the service's
 * name, so the new one is found under it from the start; elsewhere such an alias would outlive the cut-over and lead callers to a
 * release that is about to stop.
 */
export function replicaPlans(release: Release, server: RoutingServer): readonly ContainerPlan[] {
  const { instance, spec } = release;
  const alone = stopsOldFirst(spec) ? [serviceHostName(instance, spec.slug)] : [];
  const each = <T>(count: number, make: (replica: number) => T): readonly T[] =>
    Array.from({ length: count }, (_, index) => make(index + 1));
  return [
    ...each(replicaCount(spec.scale), (replica) =>
      containerPlan(release, replica, { server, aliases: replica === 1 ? alone : [] }),
    ),
    ...spec.processes.flatMap((one) =>
      each(one.replicas, (replica) => processPlan(release, one, replica)),
    ),
  ];
}

/** One replica of `web` as a container to be created; replica counts from 1. */
export function containerPlan(
  release: Release,
  replica: number,
  more: { readonly server: RoutingServer; readonly aliases?: readonly string[] },
): ContainerPlan {
  const { instance, spec } = release;
  return {
    ...commonPlan(release),
    ...(spec.command !== undefined && programOf(release, commandWords(spec.command))),
    name: replicaName(instance, spec.slug, { release: release.number, process: web, replica }),
    labels: {
      ...ownLabels(release, replica),
      [label.anonymous]: "discard",
      ...traefikLabels(release, more.server),
    },
    mounts: [...release.mounts, ...secretMounts(release)],
    aliases: more.aliases ?? [],
    publish: spec.publish,
  };
}

/** One replica of another process: nothing routes to it, and what the image says of its health is said of `web`. */
function processPlan(release: Release, process: ProcessSpec, replica: number): ContainerPlan {
  const { instance, spec } = release;
  return {
    ...commonPlan(release),
    ...programOf(release, commandWords(process.command)),
    withoutHealthcheck: true,
    env: processEnv(release, process.name),
    name: replicaName(instance, spec.slug, {
      release: release.number,
      process: process.name,
      replica,
    }),
    labels: {
      ...ownLabels(release, replica),
      [label.process]: process.name,
      [label.anonymous]: "discard",
      "traefik.enable": "false",
    },
  };
}

/** The release command of a release as a container that no request reaches. */
export function commandPlan(release: Release): ContainerPlan {
  const { instance, spec } = release;
  if (spec.release === undefined) throw new Error(`${spec.service} has no release command`);
  return {
    ...commonPlan(release),
    name: commandName(instance, spec.slug, release.number),
    ...programOf(release, commandWords(spec.release)),
    // Replica 0: goes with its release, and is none that could answer.
    labels: { ...ownLabels(release, 0), "traefik.enable": "false" },
  };
}

/** A program that gets a container of its own. */
export interface OwnProgram {
  readonly release: Release;
  readonly name: string;
  /** Left out for the program of the image. */
  readonly command?: readonly string[];
  /** Whose environment it gets; `web` where it is left out. */
  readonly process?: string;
}

/** A one-off container: everything that a replica has but routes, published ports and a place among the replicas. */
export function runPlan(
  release: Release,
  run: Omit<OwnProgram, "release"> & { readonly isDetached: boolean },
): ContainerPlan {
  const { instance, spec } = release;
  return {
    ...commonPlan(release),
    env: processEnv(release, run.process),
    name: run.name,
    ...(run.command !== undefined && programOf(release, run.command)),
    labels: {
      [label.instance]: instance,
      [label.role]: "run",
      [label.service]: spec.service,
      [label.release]: String(release.number),
      [label.run]: run.isDetached ? "detached" : "attached",
      "traefik.enable": "false",
    },
  };
}

/** The container name of one replica, for `web` until it gets the service's own name; replica counts from 1. */
export const replicaName = (
  instance: string,
  slug: string,
  { release, process, replica }: Pick<Replica, "release" | "process" | "replica">,
): string =>
  `${serviceHostName(instance, slug)}-r${release}-${process === web ? "" : `${process}-`}${replica}`;

/** The name of the container in which a release's own command runs before the switch. */
const commandName = (instance: string, slug: string, release: number): string =>
  `${serviceHostName(instance, slug)}-r${release}-release`;

/** The environment of a process; that of `web` is the release's. */
function processEnv({ env, spec }: Release, process = web): Release["env"] {
  const found = spec.processes.find(({ name }) => name === process);
  if (found === undefined) return env;
  return { ...env, MYPAAS_PROCESS: found.name, MYPAAS_SCALE: String(found.replicas) };
}

/** The words of a program that is not the image's own. */
const programOf = ({ hasLauncher }: Release, command: readonly string[]) =>
  hasLauncher === true ? launchWords(command) : { command };

function commonPlan(release: Release) {
  const { instance, spec } = release;
  return {
    image: release.image,
    env: release.env,
    network: networkName(instance),
    aliases: [],
    publish: [],
    // What is carried belongs to one replica alone.
    mounts: [...release.mounts.filter(({ carried }) => carried !== true), ...secretMounts(release)],
    maxCpu: spec.maxCpu,
    maxMemoryBytes: spec.maxMemoryBytes,
    stopTimeoutMs: spec.stopTimeoutMs,
    capAdd: capabilities,
    pidsLimit,
    init: spec.init,
    shmBytes: spec.shmBytes,
    ulimits: spec.ulimits,
  };
}

const secretMounts = ({ secretFiles = [] }: Release): readonly Mount[] =>
  secretFiles.map(({ source, target }) => ({ type: "bind", source, target, readOnly: true }));
