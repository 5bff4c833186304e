import { UserError } from "../../core/errors.ts";
import { authorise, maySee, type Caller } from "../../core/wire/permissions.ts";
import type { Action } from "../../core/actions/actions.ts";
import { findJob, type Job } from "../../adapters/state/jobs.ts";
import { newestJob } from "../../adapters/state/overview.ts";
import type { State } from "../../adapters/state/state.ts";

type JobLogAction = Extract<Action, { readonly action: "job.log" }>;

/** Completes the request for a log with the service and number of its job, on which its rights depend; a job that the caller may not see is not known. */
export function withItsJob<R extends JobLogAction>(
  { state, now }: { readonly state: State; readonly now: () => number },
  request: R,
  caller: Caller,
): R {
  const { service, job: wanted } = request;
  // A key without rights on a service must not learn which jobs it has.
  if (service !== undefined) authorise(caller, request, now());
  const found = findIt(state, request);
  const isMeant = found !== undefined && (service ?? found.service) === found.service;
  if (isMeant && maySee(caller, found.service))
    return { ...request, service: found.service, job: found.id };
  const what = wanted === undefined ? `job of ${service ?? "nothing"}` : `job ${wanted}`;
  throw new UserError(`${what}: not known here`, {
    code: "no-job",
    hint: "see the last job of each service: mypaas ps",
  });
}

function findIt(
  state: State,
  { service, job }: JobLogAction,
): Pick<Job, "id" | "service"> | undefined {
  if (job !== undefined) return findJob(state, job);
  const newest = service === undefined ? undefined : newestJob(state, service);
  return newest === undefined || service === undefined ? undefined : { id: newest.id, service };
}
