import { command, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { authorise, maySee, type Caller } from "../../core/wire/permissions.ts";
import type { ActionOf } from "../../core/actions/actions.ts";
import { findJob, type Job } from "../../adapters/state/jobs.ts";
import { newestJob } from "../../adapters/state/overview.ts";
import type { State } from "../../adapters/state/state.ts";
import { noService } from "../jobs/job-kind.ts";

type JobLogAction = ActionOf<"job.log" | "cancel">;
type FoundJob = Pick<Job, "id" | "service">;

/** Completes a request about one job with the service and number of its job, on which its rights depend; throws UserError "no-job" for a job that is not known, or that the caller may not see. */
export function withItsJob<R extends JobLogAction>(
  { state, now }: { readonly state: State; readonly now: () => number },
  request: R,
  caller: Caller,
): R {
  const { service: asked, job: wanted, ...rest } = request;
  // A key without rights on a service must not learn which jobs it has.
  if (asked !== undefined) authorise(caller, request, now());
  const found = findIt(state, request);
  const isMeant = found !== undefined && (asked ?? found.service) === found.service;
  if (isMeant && maySeeJob(caller, found))
    return {
      ...rest,
      job: found.id,
      // A job of the server needs the rights of a request that names no service.
      ...(found.service !== noService && { service: found.service }),
    } as R;
  const what = wanted === undefined ? `job of ${asked ?? "nothing"}` : `job ${wanted}`;
  throw new UserError(`${what}: not known here`, {
    code: "no-job",
    hint: hint`see the last job of each service: ${command("ps")}`,
  });
}

/** A key that is limited to services sees no job of the server. */
const maySeeJob = (caller: Caller, { service }: FoundJob): boolean =>
  service === noService
    ? caller === "root" || caller.options.services === undefined
    : maySee(caller, service);

function findIt(state: State, { service, job }: JobLogAction): FoundJob | undefined {
  if (job !== undefined) return findJob(state, job);
  const newest = service === undefined ? undefined : newestJob(state, service);
  return newest === undefined || service === undefined ? undefined : { id: newest.id, service };
}
