import type { Say } from "../../core/wire/events.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { DeployInput, DeployPorts } from "../../deploy/deploy.ts";
import type { Builder, Clock, Engine, ImageFacts } from "../../deploy/ports.ts";
import type { BlobStore } from "../../adapters/host/blob-store.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import type { StoredRelease } from "../../adapters/state/releases.ts";
import type { State } from "../../adapters/state/state.ts";
import type { Certificates } from "../certificates/certificates.ts";
import type { Order } from "./desired-release.ts";
import { planRelease } from "./release-plan.ts";

/** What a deploy needs of the world outside the state; opened when the first job runs. */
export interface DeployTools extends Pick<
  DeployPorts,
  "router" | "probe" | "connections" | "meter" | "nameHandovers"
> {
  readonly engine: Engine;
  readonly builder: Builder;
  readonly deploy: (input: DeployInput, ports: DeployPorts) => Promise<Release>;
}

/** The tools as the switch of one job takes them. */
export function deployPorts(
  { engine, router, probe, connections, meter, nameHandovers }: DeployTools,
  ofJob: Pick<DeployPorts, "clock" | "journal" | "say">,
): DeployPorts {
  const { clock, journal, say } = ofJob;
  return { engine, router, probe, connections, meter, nameHandovers, clock, journal, say };
}

export interface DeployJobParts {
  readonly state: State;
  readonly store: BlobStore;
  readonly config: InstanceConfig;
  readonly clock: Clock;
  readonly tools: () => Promise<DeployTools>;
  /** Begins with the hosts that a deploy brings, and says in the end how they stand. */
  readonly certificates: Pick<Certificates, "requestEarly" | "report">;
}

/** One deploy under way. */
export interface Run extends Omit<DeployJobParts, "tools"> {
  readonly tools: DeployTools;
  readonly job: Job;
  readonly say: Say;
  readonly signal: AbortSignal;
  readonly order: Order;
  /** With `auto` replaced. */
  readonly spec: ServiceSpec;
  readonly homes: ReadonlyMap<string, string>;
  readonly live: StoredRelease | undefined;
}

/** The release as it would be with this image. */
export function plan(
  run: Run,
  parts: { number: number; image: string; facts: Pick<ImageFacts, "exposed" | "hasHealthcheck"> },
): Release {
  const { spec, order, homes, config } = run;
  return planRelease({ ...parts, instance: config.instance, spec, env: order.env, homes });
}

/** What the state keeps of a release of this deploy. */
export function record(
  run: Run,
  release: Release,
  imageId: string,
  state: StoredRelease["state"],
): StoredRelease {
  const { order, job, clock } = run;
  const { content, repeats } = order;
  return {
    release,
    imageId,
    content,
    state,
    created: clock.now(),
    key: job.key,
    job: job.id,
    ...(repeats !== undefined && { repeats }),
  };
}
