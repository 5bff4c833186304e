import type { Inventory, Known } from "../../core/health/inventory.ts";
import {
  imageName,
  apiNetworkName,
  networkName,
  receiverNetworkName,
  egressNetworkName,
  outsideNetworkName,
  relayNetworkName,
} from "../../core/release/names.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { TraefikSnapshot } from "../../core/routing/traefik-snapshot.ts";
import type { CertificateInfo } from "../../core/actions/certificates.ts";
import { totalReplicas } from "../../core/release/processes.ts";
import type { EngineInfo } from "../../adapters/engines/docker/info.ts";
import { allReleases, liveReleases, stoppedReleases } from "../../adapters/state/releases.ts";
import { unfinishedJobs } from "../../adapters/state/jobs.ts";
import { serviceNames } from "../../adapters/state/services.ts";
import type { State } from "../../adapters/state/state.ts";
import type { TraefikLocation } from "../../adapters/traefik/router.ts";

/** Sources of the checks; each is read at most once. */
export interface CheckContext {
  readonly config: InstanceConfig;
  readonly state: State;
  readonly now: () => number;
  /** The host that the caller connected to. */
  readonly calledHost: string | undefined;
  readonly engine: () => Promise<EngineInfo>;
  readonly inventory: () => Promise<Inventory>;
  readonly traefik: () => Promise<TraefikLocation>;
  readonly snapshot: () => Promise<TraefikSnapshot>;
  readonly known: () => Known;
  readonly certificates: () => readonly CertificateInfo[];
  /** The dynamic file as the worker would write it now. */
  readonly wantedFile: () => string;
}

/** Calls a function once, and returns its first result from then on. */
export function once<T>(call: () => T): () => T {
  let first: { readonly answer: T } | undefined;
  return () => (first ??= { answer: call() }).answer;
}

/** The things that should exist according to the state. */
export function knownIn(state: State, { instance }: InstanceConfig): Known {
  const serving = [...liveReleases(state), ...stoppedReleases(state)].map(
    ({ release: { spec, number, mounts }, state: is }) => ({
      service: spec.service,
      release: number,
      replicas: is === "live" ? totalReplicas(spec) : 0,
      carried: mounts
        .filter(({ type, carried }) => type !== "none" && carried === true)
        .map(({ target, source }) => ({ target, name: source })),
      volumes: spec.volumes,
    }),
  );
  const images = allReleases(state)
    .filter(({ imageId }) => imageId !== "")
    .flatMap(({ release: { image, spec, number } }) => [
      image,
      imageName(instance, spec.slug, number),
    ]);
  return {
    instance,
    services: new Set(serviceNames(state)),
    busy: new Set(unfinishedJobs(state).map(({ service }) => service)),
    serving,
    images: new Set(images),
    networks: new Set(
      [
        networkName,
        apiNetworkName,
        receiverNetworkName,
        relayNetworkName,
        egressNetworkName,
        outsideNetworkName,
      ].map((of) => of(instance)),
    ),
  };
}
