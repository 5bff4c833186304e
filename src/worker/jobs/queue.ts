import type { Clock } from "../../deploy/ports.ts";
import {
  beginJob,
  insertJob,
  queueAgain,
  unfinishedJobs,
  type Job,
} from "../../adapters/state/jobs.ts";
import type { State } from "../../adapters/state/state.ts";
import { endedWithin } from "../ended-within.ts";
import {
  cancelled,
  endCancelled,
  resumeJob,
  runJob,
  stopping,
  supersede,
  type RunParts,
} from "./run-job.ts";

/** Jobs of one service run one after the other, those of different services and those of the server side by side; every job reaches exactly one end. */
export interface Queue {
  /** A job may supersede those of its kind that have not begun; `prepare` writes in the same commit as the new job. */
  readonly add: (job: Omit<Job, "id" | "state">, prepare: (id: number) => void) => Job;
  /** Ends the jobs of a service that wait, and asks the one that runs to undo itself, which it does until its cut-over; returns the newest such job, undefined when there is none. */
  readonly cancel: (service: string, by: string) => number | undefined;
  /** The same for one job of a service or of the server; returns its number, undefined when it has ended. */
  readonly cancelJob: (job: number, by: string) => number | undefined;
  /** Runs `before`, then goes on with the jobs that a worker left in the middle and begins the queued ones. Call once. */
  readonly recover: (before: () => Promise<void>) => Promise<void>;
  /** Begins nothing more, waits for what runs, then asks it to undo itself; false when some of it still runs and is left to recovery. */
  readonly stop: (limits: ShutdownLimits) => Promise<boolean>;
}

export interface ShutdownLimits {
  /** For running jobs to end by themselves. */
  readonly waitMs: number;
  /** For those that have not, to undo what they began. */
  readonly undoMs: number;
}

export interface QueueParts extends RunParts {
  readonly state: State;
  readonly clock: Clock;
  /** How many jobs run at once. */
  readonly limit: number;
}

const retryMs = 5000;

export function createQueue(parts: QueueParts): Queue {
  const { state, log, kindOf, clock } = parts;
  const running = new Map<string, Running>();
  let isAccepting = false;

  const beginQueued = () => {
    if (!isAccepting) return;
    try {
      for (const job of unfinishedJobs(state)) {
        if (running.size >= parts.limit) return;
        if (running.has(job.service) || job.state !== "queued") continue;
        if (beginJob(state, job.id, clock.now()))
          begin(job, (signal) => runJob(parts, job, signal));
      }
    } catch {
      // The disk is full or failing; what is queued stays queued until it is not.
      setTimeout(beginQueued, retryMs).unref();
    }
  };

  const begin = (job: Job, work: (signal: AbortSignal) => Promise<void>) => {
    const aborter = new AbortController();
    const done = work(aborter.signal).then(() => {
      running.delete(job.service);
      beginQueued();
    });
    running.set(job.service, { done, job, aborter });
  };

  return {
    add: (wanted, prepare) => {
      const before = unfinishedJobs(state, wanted.service);
      const job = state.transaction(() => {
        const inserted = insertJob(state, wanted, clock.now());
        prepare(inserted.id);
        return inserted;
      });
      const isOutdated = ({ state: is, action }: Job) => is === "queued" && action === job.action;
      const outdated = kindOf(job.action).supersedes ? before.filter(isOutdated) : [];
      for (const other of outdated) supersede(parts, other, job);
      const say = log.writer(job.id, []);
      say({ kind: "queued", job: job.id, behind: before.length - outdated.length });
      beginQueued();
      return job;
    },
    cancel: (service, by) => {
      const one = running.get(service);
      const waiting = unfinishedJobs(state, service).filter(({ id }) => id !== one?.job.id);
      for (const job of waiting) endCancelled(parts, job, by);
      one?.aborter.abort(cancelled(parts, one.job, by));
      return one?.job.id ?? waiting.at(-1)?.id;
    },
    cancelJob: (id, by) => {
      const one = [...running.values()].find(({ job }) => job.id === id);
      const waiting = unfinishedJobs(state).find((job) => job.id === id);
      if (one !== undefined) one.aborter.abort(cancelled(parts, one.job, by));
      else if (waiting !== undefined) endCancelled(parts, waiting, by);
      return one?.job.id ?? waiting?.id;
    },
    recover: async (before) => {
      const left: (() => void)[] = [];
      for (const job of unfinishedJobs(state).filter((one) => one.state === "running")) {
        const { recovery } = kindOf(job.action);
        if (recovery === "repeat") queueAgain(state, job.id);
        else left.push(() => begin(job, () => resumeJob(parts, job, recovery)));
      }
      await before();
      // A service whose old answers still take their time must not keep the others waiting.
      for (const beginAgain of left) beginAgain();
      isAccepting = true;
      beginQueued();
    },
    stop: async ({ waitMs, undoMs }) => {
      isAccepting = false;
      const allDone = () => Promise.all([...running.values()].map(({ done }) => done));
      if (await endedWithin(clock, allDone(), { ms: waitMs })) return true;
      for (const { job, aborter } of running.values()) aborter.abort(stopping(parts, job));
      return endedWithin(clock, allDone(), { ms: undoMs });
    },
  };
}

interface Running {
  readonly job: Job;
  readonly done: Promise<void>;
  readonly aborter: AbortController;
}
