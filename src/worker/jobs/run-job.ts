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
  let outcomeLogged: DoneEvent | undefined;
  try {
    const write = parts.log.writer(job.id, parts.secretsOf(job));
    const say: Say = (event) => {
      if (isDone(event)) outcomeLogged = event;
      write(event);
    };
    const outcome = await parts.kindOf(job.action).perform(job, say, signal);
    await endJob(parts, job, {
      end: "done",
      event: outcomeLogged === undefined ? outcome : undefined,
    });
  } catch (error) {
    await endJob(
      parts,
      job,
      outcomeLogged === undefined
        ? failed(parts, job, causeOf(error, signal))
        : doneAllTheSame(outcomeLogged, error),
    );
  }
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
  let outcomeLogged: DoneEvent | undefined;
  let problem: unknown;
  try {
    const write = parts.log.writer(job.id, parts.secretsOf(job));
    await recovery.resume(job, (event) => {
      if (isDone(event)) outcomeLogged = event;
      write(event);
    });
  } catch (error) {
    problem = error;
  }
  const done = recovery.outcome(job);
  // What the job was for is done; a failure to tidy up after it is left for the next deploy.
  if (done !== undefined) {
    const event = outcomeLogged === undefined ? done.missingEvent : undefined;
    await endJob(parts, job, { end: "done", event });
    return;
  }
  await endJob(parts, job, {
    end: "interrupted",
    event: failure(parts, job, interrupted(parts, job, problem)),
  });
}
