import { hintOf } from "../../core/hints.ts";
import { isDone, type DoneEvent } from "../../core/wire/event-roles.ts";
import type { Say } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import type { Job } from "../../adapters/state/jobs.ts";
import {
  describe,
  endJob,
  failed,
  failure,
  interrupted,
  type EndParts,
  type Outcome,
} from "./job-end.ts";
import type { QueuedRecovery } from "./job-kinds.ts";

export interface RunParts extends EndParts {
  /** Values that the log of a job must not show. */
  readonly secretsOf: (job: Job) => readonly string[];
}

/** Does a job and ends it, whatever happens. */
export async function runJob(parts: RunParts, job: Job, signal: AbortSignal): Promise<void> {
  const said: Said = {};
  let outcome: Outcome;
  try {
    const event = await parts.kindOf(job.action).perform(job, writer(parts, job, said), signal);
    outcome = { end: "done", event: said.outcome === undefined ? event : undefined };
  } catch (error) {
    outcome =
      said.outcome === undefined
        ? failed(parts, job, causeOf(error, signal))
        : doneAllTheSame(said.outcome, error);
  }
  await endJob(parts, job, outcome);
}

/** What the log of a job holds already. */
interface Said {
  outcome?: DoneEvent;
}

/** Writes into the log of a job, and keeps its outcome. */
function writer({ log, secretsOf }: RunParts, job: Job, said: Said): Say {
  const write = log.writer(job.id, secretsOf(job));
  return (event) => {
    if (isDone(event)) said.outcome = event;
    write(event);
  };
}

/** After its outcome is said, what a job was for is done; what went wrong later is a warning, not another end. */
function doneAllTheSame({ kind }: DoneEvent, error: unknown): Outcome {
  const when = kind === "live" ? "after going live" : "after the job was done";
  return { end: "done", event: { kind: "warning", text: `${when}: ${describe(error)}` } };
}

/** Whatever broke off because it was asked to, the asking is the reason. */
function causeOf(error: unknown, signal: AbortSignal): unknown {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  if (!(reason instanceof UserError) || !(error instanceof UserError)) return reason ?? error;
  const { message, code } = reason;
  return new UserError(message, { code, hint: hintOf(reason), still: error.still, cause: error });
}

/** Finishes or undoes a job that a worker left in the middle, and ends it. */
export async function resumeJob(
  parts: RunParts,
  job: Job,
  recovery: QueuedRecovery,
): Promise<void> {
  const said: Said = {};
  let problem: unknown;
  try {
    await recovery.resume(job, writer(parts, job, said));
  } catch (error) {
    problem = error;
  }
  const done = recovery.outcome(job);
  // What the job was for is done; a failure to tidy up after it is left for the next deploy.
  await endJob(
    parts,
    job,
    done === undefined
      ? { end: "interrupted", event: failure(parts, job, interrupted(parts, job, problem)) }
      : { end: "done", event: said.outcome === undefined ? done.missingEvent : undefined },
  );
}
