import type { Release } from "../../core/release/release.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { DeployInput, DeployPorts } from "../../deploy/deploy.ts";
import type { Builder, Engine } from "../../deploy/ports.ts";
import type { StoredRelease } from "../../adapters/state/releases.ts";
import type { JobRun } from "../jobs/job-kind.ts";
import type { DesiredRelease } from "./desired-release.ts";
import { instancePaths } from "../../core/server/instance.ts";
import { planRelease, type PlanFacts } from "./release-plan.ts";

/** What a deploy needs of the world outside the state; opened when the first job runs. */
export interface DeployTools extends Pick<DeployPorts, "router" | "meter" | "nameHandovers"> {
  readonly engine: Engine;
  readonly builder: Builder;
  readonly deploy: (input: DeployInput, ports: DeployPorts) => Promise<Release>;
}

/** One deploy that runs. */
export interface DeployContext extends Omit<JobRun, "tools"> {
  readonly tools: DeployTools;
  readonly desired: DesiredRelease;
  /** With `auto` replaced. */
  readonly spec: ServiceSpec;
  readonly homes: ReadonlyMap<string, string>;
  /** Named volumes that the engine has under another name. */
  readonly adopted: ReadonlyMap<string, string>;
  readonly live: StoredRelease | undefined;
}

/** The release as it would be with this image. */
export function plan(
  {
    spec,
    desired,
    homes,
    adopted,
    config,
  }: Pick<DeployContext, "spec" | "desired" | "homes" | "adopted" | "config">,
  { number, image }: Pick<Release, "number" | "image">,
  facts: PlanFacts,
): Release {
  const { instance } = config;
  const { env, secretFiles } = desired;
  const secretsDir = instancePaths(config).secrets;
  const parts = {
    number,
    image,
    facts,
    instance,
    spec,
    env,
    homes,
    adopted,
    secretFiles,
    secretsDir,
  };
  return planRelease(parts);
}

/** The release as it would be with the image of another one, and with what that one carries on. */
export function planAs(
  context: Parameters<typeof plan>[0],
  of: Release,
  facts: PlanFacts,
): Release {
  const planned = plan(context, of, facts);
  const carried = of.mounts.filter((mount) => mount.carried === true);
  return { ...planned, mounts: [...planned.mounts, ...carried] };
}

/** What the state keeps of a release of this deploy. */
export function record(
  { desired, job, clock }: DeployContext,
  release: Release,
  imageId: string,
  state: StoredRelease["state"],
): StoredRelease {
  const { source, repeats, from } = desired;
  return {
    release,
    imageId,
    content: source.id,
    state,
    created: clock.now(),
    key: job.key,
    job: job.id,
    ...(repeats !== undefined && { repeats }),
    ...(from !== undefined && { from }),
  };
}
