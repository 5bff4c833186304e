import type { Engine } from "../deploy/ports.ts";
import { renames } from "../deploy/take-names.ts";
import type { Job } from "../adapters/state/jobs.ts";
import { liveRelease, releasesOfJob, setReleaseState } from "../adapters/state/releases.ts";
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
  const left = live === undefined ? [] : await engine.listContainers(job.service);
  for (const { id, name } of live === undefined ? [] : renames(live, left))
    await engine.renameContainer(id, name);
  for (const number of begun) {
    if (number !== live?.number) setReleaseState(state, { service: job.service, number }, "failed");
  }
}
