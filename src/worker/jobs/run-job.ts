import { hintFields, hintOf } from "../../core/hints.ts";
import { isDone, type DoneEvent } from "../../core/wire/event-roles.ts";
import type { Event, FailedEvent, Say } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import type { Job, JobEnd } from "../../adapters/state/jobs.ts";
import type { QueuedKind, QueuedRecovery } from "./job-kinds.ts";
import type { JobLog } from "./job-log.ts";

export interface RunParts {
  readonly log: JobLog;
  readonly kindOf: (action: string) => QueuedKind;
  /** One sentence about what runs now of a service, for the end of a failed job. */
  readonly still: (service: string) => string;
  readonly onEnd: (job: Job, end: JobEnd) => void;
  /** Values that the log of a job must not show. */
  readonly secretsOf: (job: Job) => readonly string[];
}

interface Outcome {
  readonly end: JobEnd;
  readonly event: Event | undefined;
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

const retryMs = 5000;

/** A full disk must not leave a job without an end: it is tried until it is written. */
async function endJob(parts: RunParts, job: Job, outcome: Outcome): Promise<void> {
  for (;;) {
    try {
      const isFirst = parts.log.end(job.id, outcome.end, outcome.event);
      if (isFirst) tidyAfter(parts, job, outcome.end);
      return;
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, retryMs).unref();
      });
    }
  }
}

/** What follows from an end that is written. */
function tidyAfter(parts: RunParts, job: Job, how: JobEnd): void {
  try {
    parts.onEnd(job, how);
  } catch {
    // What is left over is tidied after the next job.
  }
}

/** Ends a job that waits, because a newer one holds all that it does. */
export function supersede(parts: RunParts, old: Job, by: Job): void {
  try {
    const event = { kind: "superseded", job: old.id, by: by.id } as const;
    if (parts.log.end(old.id, "superseded", event)) tidyAfter(parts, old, "superseded");
  } catch {
    // The disk takes nothing: then both run, the newer one last.
  }
}

/** Ends a job that waits, because it was cancelled. */
export function endCancelled(parts: RunParts, job: Job, by: string): void {
  const { end, event } = failed(parts, job, cancelled(parts, job, by));
  if (parts.log.end(job.id, end, event)) tidyAfter(parts, job, end);
}

/** How a job ends that threw. */
function failed(parts: RunParts, job: Job, error: unknown): Outcome {
  const isCancel = error instanceof UserError && error.code === "cancelled";
  return { end: isCancel ? "cancelled" : "failed", event: failure(parts, job, error) };
}

/** Why a job is asked to end: the worker stops. */
export const stopping = ({ kindOf }: RunParts, job: Job): UserError =>
  new UserError("worker: stopping, and this job took longer than it could wait", {
    code: "stopping",
    hint: kindOf(job.action).again(job),
  });

/** Why a job is asked to end: it was cancelled. */
export const cancelled = ({ kindOf }: RunParts, job: Job, by: string): UserError =>
  new UserError(`${kindOf(job.action).title(job)}: cancelled by ${by}`, { code: "cancelled" });

/** What is said of a job that a worker left in the middle, and that changed nothing. */
const interrupted = ({ kindOf }: RunParts, job: Job, problem: unknown): UserError => {
  const kind = kindOf(job.action);
  return new UserError(`${kind.title(job)}: the worker was stopped in the middle`, {
    code: "interrupted",
    hint: kind.again(job),
    details: problem === undefined ? [] : [describe(problem)],
  });
};

/** An error as the last event of a job. */
function failure(parts: RunParts, job: Job, error: unknown): FailedEvent {
  const still = stillOf(parts, job);
  if (!(error instanceof UserError)) {
    const details = error instanceof Error ? (error.stack ?? "").split("\n").slice(0, 8) : [];
    return { kind: "failed", message: `bug: ${describe(error)}`, details, ...still };
  }
  const { message, details } = error;
  return {
    kind: "failed",
    message,
    details,
    ...(error.still === undefined ? still : { still: error.still }),
    ...hintFields(hintOf(error)),
  };
}

/** What runs now, whatever it takes to find out; nothing for a job of the server, which changes no service. */
function stillOf({ kindOf, still }: RunParts, { action, service }: Job): { still?: string } {
  if (kindOf(action).scope === "server") return {};
  try {
    return { still: still(service) };
  } catch (error) {
    return { still: `what runs under ${service} is unknown: ${describe(error)}` };
  }
}

/** The message of whatever was thrown. */
const describe = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
