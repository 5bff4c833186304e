import type { Event, FailedEvent, Say } from "../core/wire/events.ts";
import { UserError } from "../core/errors.ts";
import {
  beginJob,
  insertJob,
  unfinishedJobs,
  type Job,
  type JobEnd,
} from "../adapters/state/jobs.ts";
import type { State } from "../adapters/state/state.ts";
import type { JobLog } from "./job-log.ts";
import type { WentLive } from "./deploy/went-live.ts";

/** Jobs of one service run one after the other, those of different services side by side; every job reaches exactly one end. */
export interface Queue {
  /** Supersedes jobs of the service that have not begun; `prepare` writes in the same commit as the new job. */
  readonly add: (job: Omit<Job, "id" | "state">, prepare: (id: number) => void) => Job;
  /** Ends jobs that a worker left in the middle, runs `before`, then begins the queued ones. Call once. */
  readonly recover: (before: () => Promise<void>) => Promise<void>;
  /** Begins nothing more, waits for what runs, then asks it to undo itself; false when some of it still runs and is left to recovery. */
  readonly stop: (patience: Patience) => Promise<boolean>;
}

export interface Patience {
  /** For running jobs to end by themselves. */
  readonly waitMs: number;
  /** For those that have not, to undo what they began. */
  readonly undoMs: number;
}

export interface QueueParts {
  readonly state: State;
  readonly log: JobLog;
  readonly now: () => number;
  /** Does the job; says `live` or `unchanged`, or throws. */
  readonly perform: (job: Job, say: Say, signal: AbortSignal) => Promise<void>;
  /** Values that the log of a job must not show. */
  readonly secretsOf: (job: Job) => readonly string[];
  /** One sentence about what runs now, for the end of a failed job. */
  readonly still: (service: string) => string;
  /** Brings Docker and Traefik back in line with the state after a job that a worker left in the middle. */
  readonly reconcile: (job: Job) => Promise<void>;
  /** Whether the release of a job serves that a worker left in the middle. */
  readonly wentLive: (job: Job) => WentLive | undefined;
  readonly onEnd: (job: Job, end: JobEnd) => void;
  /** How many jobs run at once. */
  readonly limit: number;
}

const retryMs = 5000;

export function createQueue(parts: QueueParts): Queue {
  const { state, log } = parts;
  const running = new Map<string, Promise<void>>();
  const aborter = new AbortController();
  let accepting = false;

  const pump = () => {
    if (!accepting) return;
    try {
      for (const job of unfinishedJobs(state)) {
        if (running.size >= parts.limit) return;
        if (running.has(job.service) || job.state !== "queued") continue;
        if (beginJob(state, job.id)) start(job);
      }
    } catch {
      // The disk is full or failing; what is queued stays queued until it is not.
      setTimeout(pump, retryMs).unref();
    }
  };

  const start = (job: Job) => {
    const done = runJob(parts, job, aborter.signal).then(() => {
      running.delete(job.service);
      pump();
    });
    running.set(job.service, done);
  };

  return {
    add: (wanted, prepare) => {
      const before = unfinishedJobs(state, wanted.service);
      const job = state.transaction(() => {
        const inserted = insertJob(state, wanted, parts.now());
        prepare(inserted.id);
        return inserted;
      });
      const waiting = before.filter((other) => other.state === "queued");
      for (const other of waiting) supersede(parts, other, job);
      const say = log.voice(job.id, []);
      say({ kind: "queued", job: job.id, behind: before.length - waiting.length });
      pump();
      return job;
    },
    recover: async (before) => {
      for (const job of unfinishedJobs(state)) {
        if (job.state === "running") await interrupt(parts, job);
      }
      await before();
      accepting = true;
      pump();
    },
    stop: async ({ waitMs, undoMs }) => {
      accepting = false;
      if (await endsWithin(waitMs, running)) return true;
      aborter.abort(
        new UserError("worker: stopping, and this deploy took longer than it could wait", {
          code: "stopping",
          hint: "push again: mypaas push",
        }),
      );
      return endsWithin(undoMs, running);
    },
  };
}

async function endsWithin(ms: number, running: ReadonlyMap<string, Promise<void>>) {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const all = Promise.all(running.values()).then(() => true);
  const ended = await Promise.race([all, timeout]);
  clearTimeout(timer);
  return ended;
}

async function runJob(parts: QueueParts, job: Job, signal: AbortSignal): Promise<void> {
  let told = false;
  try {
    const voice = parts.log.voice(job.id, parts.secretsOf(job));
    const say: Say = (event) => {
      if (event.kind === "live" || event.kind === "unchanged") told = true;
      voice(event);
    };
    await parts.perform(job, say, signal);
    if (!told) throw new Error("the deploy ended without saying how");
    await end(parts, job, { end: "done", event: undefined });
  } catch (error) {
    // After "live" the new release serves; what went wrong later is worth a warning, not another end.
    const outcome: Outcome = told
      ? { end: "done", event: { kind: "warning", text: `after going live: ${describe(error)}` } }
      : { end: "failed", event: failure(parts, job, error) };
    await end(parts, job, outcome);
  }
}

function supersede(parts: QueueParts, old: Job, by: Job): void {
  try {
    const event = { kind: "superseded", job: old.id, by: by.id } as const;
    if (parts.log.end(old.id, "superseded", event)) tidyAfter(parts, old, "superseded");
  } catch {
    // The disk takes nothing: then both run, the newer one last.
  }
}

interface Outcome {
  readonly end: JobEnd;
  readonly event: Event | undefined;
}

async function interrupt(parts: QueueParts, job: Job): Promise<void> {
  const details: string[] = [];
  try {
    await parts.reconcile(job);
  } catch (error) {
    details.push(describe(error));
  }
  parts.log.voice(job.id, parts.secretsOf(job));
  const live = parts.wentLive(job);
  if (live !== undefined) {
    // What the job was for is done; a failure to tidy up after it is left for the next deploy.
    await end(parts, job, { end: "done", event: live.unsaid });
    return;
  }
  const event: FailedEvent = {
    kind: "failed",
    message: `deploy ${job.service}: the worker was stopped in the middle`,
    hint: "push again: mypaas push",
    details,
    still: stillOf(parts, job),
  };
  await end(parts, job, { end: "interrupted", event });
}

/** A full disk must not leave a job without an end: it is tried until it is written. */
async function end(parts: QueueParts, job: Job, outcome: Outcome): Promise<void> {
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

function tidyAfter(parts: QueueParts, job: Job, how: JobEnd): void {
  try {
    parts.onEnd(job, how);
  } catch {
    // What is left over is tidied after the next job.
  }
}

function failure(parts: QueueParts, job: Job, error: unknown): FailedEvent {
  const still = stillOf(parts, job);
  if (!(error instanceof UserError)) {
    const details = error instanceof Error ? (error.stack ?? "").split("\n").slice(0, 8) : [];
    return { kind: "failed", message: `bug: ${describe(error)}`, details, still };
  }
  const { message, hint, details } = error;
  return {
    kind: "failed",
    message,
    details,
    still: error.still ?? still,
    ...(hint !== undefined && { hint }),
  };
}

function stillOf(parts: QueueParts, job: Job): string {
  try {
    return parts.still(job.service);
  } catch (error) {
    return `what runs under ${job.service} is unknown: ${describe(error)}`;
  }
}

const describe = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);
