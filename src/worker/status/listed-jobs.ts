import type { ActionOf } from "../../core/actions/actions.ts";
import { listedJobs, type JobInfo, type JobStep, type JobSteps } from "../../core/actions/jobs.ts";
import { mayDo, maySee, maySeeServer, type Caller } from "../../core/wire/permissions.ts";
import {
  failureOf,
  listedJob,
  listJobs,
  servicesWithJobs,
  type ListedJob,
} from "../../adapters/state/job-list.ts";
import { hasLogged } from "../../adapters/state/log.ts";
import type { State } from "../../adapters/state/state.ts";
import { readSteps, type Step } from "../../adapters/state/steps.ts";
import { keyNames } from "../access/enrolled-keys.ts";
import { noService } from "../jobs/job-kind.ts";

interface ListParts {
  readonly state: State;
  readonly now: () => number;
}

/** The jobs that the caller may see, newest first. */
export function jobInfos(
  { state, now }: ListParts,
  { service, before, limit = listedJobs.usual }: Omit<ActionOf<"job.list">, "action">,
  caller: Caller,
): readonly JobInfo[] {
  const services = servicesWithJobs(state).filter(
    (name) => (service ?? name) === name && maySeeJobsOf(caller, name),
  );
  const nameOf = keyNames(state);
  return listJobs(state, { services, before, limit }).map((job) => {
    const isReader = mayDo(caller, { action: "job.log", ...serviceOf(job) }, now());
    return infoOf(job, nameOf(job.key), isReader ? failureOf(state, job.id) : undefined);
  });
}

/** A key that is limited to services sees no job of the server. */
export const maySeeJobsOf = (caller: Caller, service: string): boolean =>
  service === noService ? maySeeServer(caller) : maySee(caller, service);

const serviceOf = ({ service }: ListedJob): { readonly service?: string } =>
  service === noService ? {} : { service };

function infoOf(job: ListedJob, by: string, failure: string | undefined): JobInfo {
  const { started, ended, release, receipt } = job;
  return {
    job: job.id,
    kind: job.action,
    ...serviceOf(job),
    state: job.state,
    by,
    at: job.created,
    ...(started !== undefined && { startedAt: started }),
    ...(ended !== undefined && { endedAt: ended }),
    ...(release !== undefined && { release }),
    ...(receipt !== undefined && { receipt }),
    ...(failure !== undefined && { failure }),
  };
}

/** The parts of a job with their times. */
export function jobSteps(state: State, id: number): JobSteps {
  const job = listedJob(state, id);
  if (job === undefined) return { job: id, steps: [] };
  const journal = stepsOf(readSteps(state, id));
  return {
    job: id,
    steps: [...stepsBefore(job, journal[0]?.at, hasLogged(state, id, "build")), ...journal],
  };
}

/** The time in the queue, and the time from there to the switch. */
function stepsBefore(
  { created, started, ended }: ListedJob,
  switched: number | undefined,
  isBuilt: boolean,
): readonly JobStep[] {
  const queue = timed("queue", created, started ?? ended);
  if (started === undefined) return [queue];
  return [queue, timed(isBuilt ? "build" : "prepare", started, switched ?? ended)];
}

/** Pairs what began with what ended; a step that a crash has left open stays without an end. */
export function stepsOf(
  journal: readonly Pick<Step, "step" | "phase" | "at">[],
): readonly JobStep[] {
  const steps: JobStep[] = [];
  for (const { step, phase, at } of journal) {
    if (phase === "intent") {
      steps.push({ step, at });
      continue;
    }
    const open = steps.findLastIndex((one) => one.step === step && one.ms === undefined);
    const began = steps[open];
    if (began !== undefined) steps[open] = timed(step, began.at, at);
  }
  return steps;
}

/** A clock that was set back makes no negative time. */
const timed = (step: string, at: number, end: number | undefined): JobStep => ({
  step,
  at,
  ...(end !== undefined && { ms: Math.max(0, end - at) }),
});
