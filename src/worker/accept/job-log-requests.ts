import { UserError } from "../../core/errors.ts";
import { maySee, type Caller } from "../../core/wire/permissions.ts";
import type { Action, Request } from "../../core/wire/protocol.ts";
import { findJob, type Job } from "../../adapters/state/jobs.ts";
import { newestJob } from "../../adapters/state/overview.ts";
import type { State } from "../../adapters/state/state.ts";
import { command, hint } from "../../core/hints.ts";

type JobLogAction = Extract<Action, { readonly action: "job.log" }>;

/** A request with all that its rights depend on: who asks for the log of a job may name no service, or no job; one that the caller may not see is not known. */
export function withItsJob(state: State, request: Request, caller: Caller): Request {
  if (request.action !== "job.log") return request;
  const { service, job: wanted } = request;
  const found = findIt(state, request);
  const isMeant = found !== undefined && (service ?? found.service) === found.service;
  if (isMeant && maySee(caller, found.service))
    return { ...request, service: found.service, job: found.id };
  const what = wanted === undefined ? `job of ${service ?? "nothing"}` : `job ${wanted}`;
  throw new UserError(`${what}: not known here`, {
    code: "no-job",
    hint: hint`see the last job of each service: ${command("ps")}`,
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
