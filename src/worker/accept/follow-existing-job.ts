import type { Accepted } from "../../core/wire/protocol.ts";
import { unfinishedJobs } from "../../adapters/state/jobs.ts";
import { setRequestJob, type StoredRequest } from "../../adapters/state/requests.ts";
import type { State } from "../../adapters/state/state.ts";

/** Hangs a request on to the job of its service that does the same already; undefined when there is none. */
export function attach(state: State, stored: StoredRequest, content: string): Accepted | undefined {
  const same = unfinishedJobs(state, stored.service).find((job) => job.content === content);
  return same === undefined ? undefined : attachTo(state, stored, same.id);
}

/** Lets who made the request follow the job. */
export function attachTo(state: State, stored: StoredRequest, job: number): Accepted {
  setRequestJob(state, stored.id, job);
  return { request: stored.id, job, attached: true, missing: [] };
}
