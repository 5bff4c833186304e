import type { Say } from "../../core/wire/events.ts";
import { stopService } from "../../deploy/stop-service.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import {
  setReleaseState,
  stoppedRelease,
  type StoredRelease,
} from "../../adapters/state/releases.ts";
import { recordSwitch } from "./record-switch.ts";
import { runningRelease } from "./from-existing.ts";
import { deployPorts, type DeployJobParts } from "./deploy-context.ts";

/** Stops a service until it is started again. */
export async function runStopJob(
  parts: DeployJobParts,
  job: Job,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const { state } = parts;
  const { service } = job;
  const stored =
    stoppedRelease(state, service) ?? runningRelease(state, { action: "stop", service });
  await stopRelease(parts, stored, { job, say, signal });
  say({ kind: "stopped", service, release: stored.release.number });
}

/** Takes a release that is live, or stopped already, out of use. Recorded first, so that a worker that ends in the middle goes on with it; a failure leaves it as it was. */
export async function stopRelease(
  { state, clock, config, tools }: DeployJobParts,
  { release, state: was }: StoredRelease,
  of: { readonly job: Job; readonly say: Say; readonly signal: AbortSignal },
): Promise<void> {
  const { job, say, signal } = of;
  const place = { service: job.service, number: release.number };
  setReleaseState(state, place, "stopped");
  try {
    await stopService(
      { release, isLive: was === "live", server: config, signal },
      deployPorts(await tools(), { clock, ...recordSwitch({ state, clock }, job, say) }),
    );
  } catch (error) {
    setReleaseState(state, place, was);
    throw error;
  }
}
