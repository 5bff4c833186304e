import type { Say } from "../../core/wire/events.ts";
import type { Release } from "../../core/release/release.ts";
import { takeOut } from "../../deploy/take-out.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import { liveRelease, setReleaseState, stoppedRelease } from "../../adapters/state/releases.ts";
import { appendStep } from "../../adapters/state/steps.ts";
import { runningRelease } from "./renewal.ts";
import type { DeployJobParts } from "./run.ts";

/** Stops a service until it is started again. Recorded first, so that a worker that ends in the middle goes on with it. */
export async function runStopJob(
  parts: DeployJobParts,
  job: Job,
  say: Say,
  signal: AbortSignal,
): Promise<void> {
  const { state } = parts;
  const { service } = job;
  const { release } =
    stoppedRelease(state, service) ?? runningRelease(state, { action: "stop", service });
  const { number } = release;
  const wasLive = liveRelease(state, service) !== undefined;
  setReleaseState(state, { service, number }, "stopped");
  try {
    await out(parts, { job, release, say, signal });
  } catch (error) {
    if (wasLive) setReleaseState(state, { service, number }, "live");
    throw error;
  }
  say({ kind: "stopped", service, release: number });
}

/** The story of taking a release out of use, for a job. */
export async function out(
  { state, clock, config, tools }: DeployJobParts,
  at: {
    readonly job: Job;
    readonly release: Release;
    readonly say: Say;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { engine, router, probe, connections, meter, afterwards } = await tools();
  const { job, release, say, signal } = at;
  const note = (phase: "intent" | "outcome") => (step: string, data: unknown) =>
    appendStep(state, job.id, { step, phase, data, at: clock.now() });
  const journal = { intent: note("intent"), outcome: note("outcome") };
  await takeOut(
    { release, server: config, signal },
    { engine, router, probe, connections, meter, afterwards, journal, clock, say },
  );
}
