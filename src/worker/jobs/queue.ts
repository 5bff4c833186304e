import type { FailedEvent, Say } from "../../core/wire/events.ts";
import { UserError } from "../../core/errors.ts";
import {
  beginJob,
  insertJob,
  queueAgain,
  unfinishedJobs,
  type Job,
} from "../../adapters/state/jobs.ts";
import type { State } from "../../adapters/state/state.ts";
import {
  describe,
  endJob,
  failure,
  stillOf,
  tidyAfter,
  type EndParts,
  type Outcome,
} from "./job-end.ts";
import type { WentLive } from "../deploy/went-live.ts";
import { command, hint, hintFields, hintOf } from "../../core/hints.ts";

/** Jobs of one service run one after the other, those of different services side by side; every job reaches exactly one end. */
export interface Queue {
  /** A push supersedes those of its service that have not begun, for it holds all that they do; `prepare` writes in the same commit as the new job. */
  readonly add: (job: Omit<Job, "id" | "state">, prepare: (id: number) => void) => Job;
  /** Ends what waits and asks what runs to undo itself, which it does until its cut-over; returns the newest such job, undefined when there is none. */
  readonly cancel: (service: string, by: string) => number | undefined;
  /** Runs `before`, then goes on with the jobs that a worker left in the middle and begins the queued ones. Call once. */
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

export interface QueueParts extends EndParts {
  readonly state: State;
  readonly now: () => number;
  /** Does the job; says `live` or `unchanged`, or throws. */
  readonly perform: (job: Job, say: Say, signal: AbortSignal) => Promise<void>;
  /** Values that the log of a job must not show. */
  readonly secretsOf: (job: Job) => readonly string[];
  /** Finishes or undoes what a job did that a worker left in the middle. */
  readonly reconcile: (job: Job, say: Say) => Promise<void>;
  /** Whether the release of a job serves that a worker left in the middle. */
  readonly wentLive: (job: Job) => WentLive | undefined;
  /** How many jobs run at once. */
  readonly limit: number;
}

const retryMs = 5000;

export function createQueue(parts: QueueParts): Queue {
  const { state, log } = parts;
  const running = new Map<string, Running>();
  let accepting = false;

  const pump = () => {
    if (!accepting) return;
    try {
      for (const job of unfinishedJobs(state)) {
        if (running.size >= parts.limit) return;
        if (running.has(job.service) || job.state !== "queued") continue;
        if (beginJob(state, job.id)) begin(job, (signal) => runJob(parts, job, signal));
      }
    } catch {
      // The disk is full or failing; what is queued stays queued until it is not.
      setTimeout(pump, retryMs).unref();
    }
  };

  const begin = (job: Job, work: (signal: AbortSignal) => Promise<void>) => {
    const aborter = new AbortController();
    const done = work(aborter.signal).then(() => {
      running.delete(job.service);
      pump();
    });
    running.set(job.service, { done, job: job.id, aborter });
  };

  return {
    add: (wanted, prepare) => {
      const before = unfinishedJobs(state, wanted.service);
      const job = state.transaction(() => {
        const inserted = insertJob(state, wanted, parts.now());
        prepare(inserted.id);
        return inserted;
      });
      const isPush = ({ action }: Pick<Job, "action">): boolean => action === "push";
      const waiting = before.filter(
        (other) => other.state === "queued" && isPush(other) && isPush(job),
      );
      for (const other of waiting) supersede(parts, other, job);
      const say = log.voice(job.id, []);
      say({ kind: "queued", job: job.id, behind: before.length - waiting.length });
      pump();
      return job;
    },
    cancel: (service, by) => {
      const error = cancelled(service, by);
      const one = running.get(service);
      const waiting = unfinishedJobs(state, service).filter(({ id }) => id !== one?.job);
      for (const job of waiting) endCancelled(parts, job, error);
      one?.aborter.abort(error);
      return one?.job ?? waiting.at(-1)?.id;
    },
    recover: async (before) => {
      const running = unfinishedJobs(state).filter((job) => job.state === "running");
      const left = running.filter((job) => !isRepeatable(job));
      // What may be done twice is begun anew.
      for (const job of running) if (isRepeatable(job)) queueAgain(state, job.id);
      await before();
      // A service whose old answers still take their time must not keep the others waiting.
      for (const job of left) begin(job, () => interrupt(parts, job));
      accepting = true;
      pump();
    },
    stop: async ({ waitMs, undoMs }) => {
      accepting = false;
      if (await endsWithin(waitMs, running)) return true;
      for (const { aborter } of running.values()) aborter.abort(stopping());
      return endsWithin(undoMs, running);
    },
  };
}

interface Running {
  readonly job: number;
  readonly done: Promise<void>;
  readonly aborter: AbortController;
}

const stopping = (): UserError =>
  new UserError("worker: stopping, and this deploy took longer than it could wait", {
    code: "stopping",
    hint: hint`push again: ${command("push")}`,
  });

const cancelled = (service: string, by: string): UserError =>
  new UserError(`deploy ${service}: cancelled by ${by}`, { code: "cancelled" });

async function endsWithin(ms: number, running: ReadonlyMap<string, Running>) {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const all = Promise.all([...running.values()].map(({ done }) => done)).then(() => true);
  const ended = await Promise.race([all, timeout]);
  clearTimeout(timer);
  return ended;
}

async function runJob(parts: QueueParts, job: Job, signal: AbortSignal): Promise<void> {
  let told = false;
  try {
    const voice = parts.log.voice(job.id, parts.secretsOf(job));
    const say: Say = (event) => {
      if (["live", "unchanged", "stopped", "removed"].includes(event.kind)) told = true;
      voice(event);
    };
    await parts.perform(job, say, signal);
    if (!told) throw new Error("the deploy ended without saying how");
    await endJob(parts, job, { end: "done", event: undefined });
  } catch (error) {
    // After "live" the new release serves; what went wrong later is worth a warning, not another end.
    const outcome: Outcome = told
      ? { end: "done", event: { kind: "warning", text: `after going live: ${describe(error)}` } }
      : failed(parts, job, causeOf(error, signal));
    await endJob(parts, job, outcome);
  }
}

const isRepeatable = ({ action }: Job): boolean => action === "stop" || action === "remove";

function supersede(parts: QueueParts, old: Job, by: Job): void {
  try {
    const event = { kind: "superseded", job: old.id, by: by.id } as const;
    if (parts.log.end(old.id, "superseded", event)) tidyAfter(parts, old, "superseded");
  } catch {
    // The disk takes nothing: then both run, the newer one last.
  }
}

function endCancelled(parts: QueueParts, job: Job, error: UserError): void {
  const { end, event } = failed(parts, job, error);
  if (parts.log.end(job.id, end, event)) tidyAfter(parts, job, end);
}

function failed(parts: QueueParts, job: Job, error: unknown): Outcome {
  const isCancel = error instanceof UserError && error.code === "cancelled";
  return { end: isCancel ? "cancelled" : "failed", event: failure(parts, job, error) };
}

/** Whatever broke off because it was asked to, the asking is the reason. */
function causeOf(error: unknown, signal: AbortSignal): unknown {
  const reason: unknown = signal.aborted ? signal.reason : undefined;
  if (!(reason instanceof UserError) || !(error instanceof UserError)) return reason ?? error;
  const { message, code } = reason;
  return new UserError(message, { code, hint: hintOf(reason), still: error.still, cause: error });
}

async function interrupt(parts: QueueParts, job: Job): Promise<void> {
  const details: string[] = [];
  let told = false;
  try {
    const voice = parts.log.voice(job.id, parts.secretsOf(job));
    await parts.reconcile(job, (event) => {
      if (event.kind === "live") told = true;
      voice(event);
    });
  } catch (error) {
    details.push(describe(error));
  }
  const live = parts.wentLive(job);
  if (live !== undefined) {
    // What the job was for is done; a failure to tidy up after it is left for the next deploy.
    await endJob(parts, job, { end: "done", event: told ? undefined : live.missingEvent });
    return;
  }
  const event: FailedEvent = {
    kind: "failed",
    message: `deploy ${job.service}: the worker was stopped in the middle`,
    ...hintFields(hint`push again: ${command("push")}`),
    details,
    still: stillOf(parts, job),
  };
  await endJob(parts, job, { end: "interrupted", event });
}
