import { setTimeout as sleep } from "node:timers/promises";
import { followEvents } from "../../adapters/wire/events.ts";
import { isLast } from "../../core/wire/event-roles.ts";
import type { LoggedEvent } from "../../core/wire/events.ts";
import type { Begun, Connection } from "../connect/connect.ts";

/** The log of one job, read once and kept for all who look. */
export interface JobLog {
  readonly events: readonly LoggedEvent[];
  readonly isOpen: boolean;
  /** Resolves when there is more, or nothing more to come. */
  readonly changed: () => Promise<void>;
}

export interface JobLogs {
  /** The log of a job, with what it said until now. */
  readonly read: (job: number) => Promise<JobLog>;
  /** Follows a job that was begun here, without another signature; returns its number. */
  readonly adopt: (begun: Begun) => number | undefined;
}

const keptJobs = 20;
/** What was said before comes without a pause. */
const quietMs = 150;
const longestMs = 2000;

/** Follows the logs of jobs until the signal is aborted. */
export function followJobLogs(connection: Connection, signal: AbortSignal): JobLogs {
  const logs = new Map<number, JobLog>();
  const keep = (job: number, log: JobLog) => {
    logs.delete(job);
    logs.set(job, log);
    const [oldest] = logs.keys();
    if (logs.size > keptJobs && oldest !== undefined) logs.delete(oldest);
    return log;
  };
  const adopt = (begun: Begun) => {
    const { job } = begun.accepted;
    if (job !== undefined && logs.get(job)?.isOpen !== true)
      keep(
        job,
        followOne(begun, signal, () => logs.delete(job)),
      );
    return job;
  };
  return {
    adopt,
    read: async (job) => {
      if (!logs.has(job)) adopt(await connection.begin({ action: "job.log", job }));
      const log = logs.get(job);
      if (log === undefined) throw new Error(`job ${job}: no log`);
      await settled(log);
      return log;
    },
  };
}

function followOne({ request, place }: Begun, signal: AbortSignal, onBroken: () => void): JobLog {
  const events: LoggedEvent[] = [];
  let isOpen = true;
  let next = Promise.withResolvers<void>();
  const wake = () => {
    next.resolve();
    next = Promise.withResolvers<void>();
  };
  void (async () => {
    try {
      for await (const event of followEvents({ request, place, signal })) {
        events.push(event);
        if (isLast(event)) isOpen = false;
        wake();
      }
    } catch {
      // Who looks again asks again, and hears why.
      onBroken();
    } finally {
      isOpen = false;
      wake();
    }
  })();
  return {
    events,
    get isOpen() {
      return isOpen;
    },
    changed: () => next.promise,
  };
}

/** Waits until nothing has come for a moment. */
async function settled(log: JobLog): Promise<void> {
  for (let waited = 0; log.isOpen && waited < longestMs; waited += quietMs) {
    const before = log.events.length;
    await Promise.race([sleep(quietMs), ended(log)]);
    if (log.events.length === before && before > 0) return;
  }
}

async function ended(log: JobLog): Promise<void> {
  while (log.isOpen) await log.changed();
}
