import type { Engine } from "../deploy/ports.ts";
import type { Job } from "../adapters/state-jobs.ts";
import { liveRelease, releasesOfJob, setReleaseState } from "../adapters/state-releases.ts";
import type { State } from "../adapters/state.ts";

/**
 * Puts containers back in line with the state after a job that a worker left in the middle: what never went live is removed, what is live runs.
 * Every call may be repeated. The dynamic file is written after it, so that its holds stay until then.
 */
export async function reconcile(
  { state, engine }: { readonly state: State; readonly engine: Engine },
  job: Job,
): Promise<void> {
  const live = liveRelease(state, job.service)?.release.number;
  const begun = releasesOfJob(state, job.id).filter(({ release }) => release.number !== live);
  const unfinished = new Set(begun.map(({ release }) => release.number));
  const containers = await engine.listContainers(job.service);
  // The new one first: the old one may need its ports.
  for (const container of containers) {
    if (unfinished.has(container.release)) await engine.removeContainer(container.id);
  }
  for (const container of containers) {
    if (container.release === live && container.state !== "running") {
      await engine.startContainer(container.id);
    }
  }
  for (const number of unfinished) {
    setReleaseState(state, { service: job.service, number }, "failed");
  }
}
