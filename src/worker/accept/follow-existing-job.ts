import type { Accepted } from "../../core/wire/protocol.ts";
import { unfinishedJobs, type Job } from "../../adapters/state/jobs.ts";
import { setRequestJob, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";

/** Lets a request follow the job of the same service that does the same already; undefined when there is none. */
export function followExistingJob(
  state: State,
  stored: StoredRequest,
  { service, content }: Pick<Job, "service" | "content">,
): Accepted | undefined {
  const same = unfinishedJobs(state, service).find((job) => job.content === content);
  return same === undefined ? undefined : attachTo(state, stored, same.id);
}

/** Lets a request follow a job. */
export function attachTo(state: State, stored: StoredRequest, job: number): Accepted {
  setRequestJob(state, stored.id, job);
  return { request: stored.id, job, attached: true, missing: [] };
}
