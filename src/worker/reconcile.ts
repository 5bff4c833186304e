import type { Engine } from "../deploy/ports.ts";
import { renames } from "../deploy/take-names.ts";
import type { Job } from "../adapters/state/jobs.ts";
import { liveRelease, releasesOfJob, setReleaseState } from "../adapters/state/releases.ts";
import { appendStep, unfinishedSteps } from "../adapters/state/steps.ts";
import type { State } from "../adapters/state/state.ts";

/**
 * Puts containers back in line with the state after a job that a worker left in the middle: what is live runs under its name, everything else of the service goes.
 * Every call may be repeated. The dynamic file is written after it, so that its holds stay until then.
 */
export async function reconcile(
  { state, engine }: { readonly state: State; readonly engine: Engine },
  job: Job,
): Promise<void> {
  const live = liveRelease(state, job.service)?.release;
  const begun = releasesOfJob(state, job.id).map(({ release }) => release.number);
  const containers = await engine.listContainers(job.service);
  // These first: the live one may need their ports.
  for (const { id, release } of containers) {
    if (release === live?.number) continue;
    // What served until now may still be answering; what was begun has never been asked.
    if (live !== undefined && !begun.includes(release))
      await engine.stopContainer(id, live.spec.stopTimeoutMs);
    await engine.removeContainer(id);
  }
  for (const { id, release, state: was } of containers) {
    if (release === live?.number && was !== "running") await engine.startContainer(id);
  }
  await giveNames({ state, engine }, job.service);
  for (const number of begun) {
    if (number !== live?.number) setReleaseState(state, { service: job.service, number }, "failed");
  }
}

/** Does the renames that a worker which ended too early still owed; every call may be repeated. */
export async function finishNames(
  { state, now }: { readonly state: State; readonly now: () => number },
  engine: () => Promise<Engine>,
): Promise<void> {
  for (const { job, service } of unfinishedSteps(state, "take-names")) {
    await giveNames({ state, engine: await engine() }, service);
    const data = { service, ok: true };
    appendStep(state, job, { step: "take-names", phase: "outcome", data, at: now() });
  }
}

async function giveNames(
  { state, engine }: { readonly state: State; readonly engine: Engine },
  service: string,
): Promise<void> {
  const live = liveRelease(state, service)?.release;
  if (live === undefined) return;
  for (const { id, name } of renames(live, await engine.listContainers(service)))
    await engine.renameContainer(id, name);
}
