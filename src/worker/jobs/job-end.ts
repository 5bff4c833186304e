import { hintFields, hintOf } from "../../core/hints.ts";
import type { Event, FailedEvent } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import type { Job, JobEnd } from "../../adapters/state/jobs.ts";
import type { QueuedKind } from "./job-kinds.ts";
import type { JobLog } from "./job-log.ts";

export interface EndParts {
  readonly log: JobLog;
  readonly kindOf: (action: string) => QueuedKind;
  /** One sentence about what runs now of a service, for the end of a failed job. */
  readonly still: (service: string) => string;
  readonly onEnd: (job: Job, end: JobEnd) => void;
}

export interface Outcome {
  readonly end: JobEnd;
  readonly event: Event | undefined;
}

const retryMs = 5000;

/** A full disk must not leave a job without an end: it is tried until it is written. */
export async function endJob(parts: EndParts, job: Job, outcome: Outcome): Promise<void> {
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
export function tidyAfter(parts: EndParts, job: Job, how: JobEnd): void {
  try {
    parts.onEnd(job, how);
  } catch {
    // What is left over is tidied after the next job.
  }
}

/** Ends a job that waits, because a newer one holds all that it does. */
export function supersede(parts: EndParts, old: Job, by: Job): void {
  try {
    const event = { kind: "superseded", job: old.id, by: by.id } as const;
    if (parts.log.end(old.id, "superseded", event)) tidyAfter(parts, old, "superseded");
  } catch {
    // The disk takes nothing: then both run, the newer one last.
  }
}

/** Ends a job that waits, because it was cancelled. */
export function endCancelled(parts: EndParts, job: Job, by: string): void {
  const { end, event } = failed(parts, job, cancelled(parts, job, by));
  if (parts.log.end(job.id, end, event)) tidyAfter(parts, job, end);
}

/** How a job ends that threw. */
export function failed(parts: EndParts, job: Job, error: unknown): Outcome {
  const isCancel = error instanceof UserError && error.code === "cancelled";
  return { end: isCancel ? "cancelled" : "failed", event: failure(parts, job, error) };
}

/** Why a job is asked to end: the worker stops. */
export const stopping = ({ kindOf }: EndParts, job: Job): UserError =>
  new UserError("worker: stopping, and this job took longer than it could wait", {
    code: "stopping",
    hint: kindOf(job.action).again(job),
  });

/** Why a job is asked to end: it was cancelled. */
export const cancelled = ({ kindOf }: EndParts, job: Job, by: string): UserError =>
  new UserError(`${kindOf(job.action).title(job)}: cancelled by ${by}`, { code: "cancelled" });

/** What is said of a job that a worker left in the middle, and that changed nothing. */
export const interrupted = ({ kindOf }: EndParts, job: Job, problem: unknown): UserError => {
  const kind = kindOf(job.action);
  return new UserError(`${kind.title(job)}: the worker was stopped in the middle`, {
    code: "interrupted",
    hint: kind.again(job),
    details: problem === undefined ? [] : [describe(problem)],
  });
};

/** An error as the last event of a job. */
export function failure(parts: EndParts, job: Job, error: unknown): FailedEvent {
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
function stillOf({ kindOf, still }: EndParts, { action, service }: Job): { still?: string } {
  if (kindOf(action).scope === "server") return {};
  try {
    return { still: still(service) };
  } catch (error) {
    return { still: `what runs under ${service} is unknown: ${describe(error)}` };
  }
}

/** The message of whatever was thrown. */
export const describe = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
