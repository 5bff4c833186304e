import type { Event, FailedEvent } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import type { Job, JobEnd } from "../../adapters/state/jobs.ts";
import type { JobLog } from "./job-log.ts";
import { hintFields, hintOf } from "../../core/hints.ts";

export interface EndParts {
  readonly log: JobLog;
  /** One sentence about what runs now, for the end of a failed job. */
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

/** An error as the last event of a job. */
export function failure(parts: EndParts, job: Job, error: unknown): FailedEvent {
  const still = stillOf(parts, job);
  if (!(error instanceof UserError)) {
    const details = error instanceof Error ? (error.stack ?? "").split("\n").slice(0, 8) : [];
    return { kind: "failed", message: `bug: ${describe(error)}`, details, still };
  }
  const { message, details } = error;
  return {
    kind: "failed",
    message,
    details,
    still: error.still ?? still,
    ...hintFields(hintOf(error)),
  };
}

/** What runs now, whatever it takes to find out. */
export function stillOf(parts: EndParts, job: Job): string {
  try {
    return parts.still(job.service);
  } catch (error) {
    return `what runs under ${job.service} is unknown: ${describe(error)}`;
  }
}

/** The message of whatever was thrown. */
export const describe = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
