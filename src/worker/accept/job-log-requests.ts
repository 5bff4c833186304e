import { command, hint } from "../../core/hints.ts";
import { UserError } from "../../core/errors.ts";
import { authorise, type Caller } from "../../core/wire/permissions.ts";
import { hasScope, type Action, type ActionOf } from "../../core/actions/actions.ts";
import { findJob, type Job } from "../../adapters/state/jobs.ts";
import { newestJob } from "../../adapters/state/overview.ts";
import type { State } from "../../adapters/state/state.ts";
import { noService } from "../jobs/job-kind.ts";
import { maySeeJobsOf } from "../status/listed-jobs.ts";

type JobLogAction = ActionOf<"job.log" | "job.steps" | "cancel">;
interface JobParts {
  readonly state: State;
  readonly now: () => number;
}

type FoundJob = Pick<Job, "id" | "service">;

/** An action as `authorise` wants it: one about a job has the service and number of its job, on which its rights depend. Throws UserError "no-job" for a job that is not known, or that the caller may not see. */
export const completed = <A extends Action>(parts: JobParts, asked: A, caller: Caller): A =>
  hasScope(asked, "job") && !isAboutAll(asked) ? withItsJob(parts, asked, caller) : asked;

/** True where all jobs of a service are meant. */
const isAboutAll = ({ action, service, job }: JobLogAction): boolean =>
  action === "cancel" && service !== undefined && job === undefined;

function withItsJob<R extends JobLogAction>(
  { state, now }: JobParts,
  request: R,
  caller: Caller,
): R {
  const { service: asked, job: wanted, ...rest } = request;
  // A key without rights on a service must not learn which jobs it has.
  if (asked !== undefined) authorise(caller, request, now());
  const found = findIt(state, request);
  const isMeant = found !== undefined && (asked ?? found.service) === found.service;
  if (isMeant && maySeeJobsOf(caller, found.service))
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

function findIt(state: State, { service, job }: JobLogAction): FoundJob | undefined {
  if (job !== undefined) return findJob(state, job);
  const newest = service === undefined ? undefined : newestJob(state, service);
  return newest === undefined || service === undefined ? undefined : { id: newest.id, service };
}
