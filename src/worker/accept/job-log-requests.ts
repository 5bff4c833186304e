import { UserError } from "../../core/errors.ts";
import { maySee, type Caller } from "../../core/wire/permissions.ts";
import type { Action, Request } from "../../core/wire/protocol.ts";
import { findJob, type Job } from "../../adapters/state/jobs.ts";
import { newestJob } from "../../adapters/state/overview.ts";
import type { State } from "../../adapters/state/state.ts";
import { noService } from "../jobs/job-kind.ts";

type JobLogAction = Extract<Action, { readonly action: "job.log" }>;

/** Completes a request for the log of a job with the job and its service, on which its rights depend; throws UserError "no-job" for a job that is not known, or that the caller may not see. */
export function withItsJob(state: State, request: Request, caller: Caller): Request {
  if (request.action !== "job.log") return request;
  const { service: asked, job: wanted, ...rest } = request;
  const found = findIt(state, request);
  const isMeant = found !== undefined && (asked ?? found.service) === found.service;
  if (isMeant && maySeeJob(caller, found))
    return {
      ...rest,
      job: found.id,
      // A job of the server needs the rights of a request that names no service.
      ...(found.service !== noService && { service: found.service }),
    };
  const what = wanted === undefined ? `job of ${asked ?? "nothing"}` : `job ${wanted}`;
  throw new UserError(`${what}: not known here`, {
    code: "no-job",
    hint: "see the last job of each service: mypaas ps",
  });
}

/** A key that is limited to services sees no job of the server. */
const maySeeJob = (caller: Caller, { service }: Pick<Job, "service">): boolean =>
  service === noService
    ? caller === "root" || caller.options.services === undefined
    : maySee(caller, service);

function findIt(
  state: State,
  { service, job }: JobLogAction,
): Pick<Job, "id" | "service"> | undefined {
  if (job !== undefined) return findJob(state, job);
  const newest = service === undefined ? undefined : newestJob(state, service);
  return newest === undefined || service === undefined ? undefined : { id: newest.id, service };
}
