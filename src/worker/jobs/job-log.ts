import type { Event, LoggedEvent, Say } from "../../core/wire/events.ts";
import { redactEvent, redactor, type Redact } from "../../core/redact.ts";
import { endJob, findJob, type JobEnd } from "../../adapters/state/jobs.ts";
import { insertLog, nextOffset, readLog } from "../../adapters/state/log.ts";
import type { State } from "../../adapters/state/state.ts";

/** What every job says: on disk before anyone hears it, followed live by any number of listeners. */
export interface JobLog {
  /** A voice for one job; the values given never appear in what it says. */
  readonly voice: (job: number, secrets: readonly string[]) => Say;
  /** Ends the job with its last event in one commit; false when it had ended before, and then nothing is written. */
  readonly end: (job: number, end: JobEnd, event: Event | undefined) => boolean;
  /** Yields events from offset `from` on and ends with the job. */
  readonly follow: (job: number, from: number, signal: AbortSignal) => AsyncIterable<LoggedEvent>;
  /** Writes what is still waiting for its batch. */
  readonly flush: () => void;
}

export interface JobLogParts {
  readonly state: State;
  readonly now: () => number;
}

const batchMs = 20;
const batchEvents = 64;
const pageEvents = 200;
/** Output of programs is dropped when so many events wait for a disk that takes none. */
const maxWaiting = 2000;
const maxTextLength = 8 * 1024;
/** Output beyond this many characters is left out, so that one endless program cannot fill the disk. */
const maxOutputLength = 8 * 1024 * 1024;

interface Open {
  next: number;
  waiting: LoggedEvent[];
  outputLength: number;
  redact: Redact;
}

export function createJobLog({ state, now }: JobLogParts): JobLog {
  const open = new Map<number, Open>();
  const listeners = new Map<number, Set<() => void>>();
  let timer: NodeJS.Timeout | undefined;

  const opened = (job: number): Open => {
    const known = open.get(job);
    if (known !== undefined) return known;
    const made = {
      next: nextOffset(state, job),
      waiting: [],
      outputLength: 0,
      redact: (text: string) => text,
    };
    open.set(job, made);
    return made;
  };

  const append = (log: Open, event: Event) => {
    const kept = withinLimits(log, event);
    if (kept === undefined) return;
    const safe = redactEvent(kept, log.redact);
    log.waiting.push({ ...shortened(safe), offset: log.next, at: now() });
    log.next += 1;
  };

  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const flushed = [...open].filter(([, log]) => log.waiting.length > 0);
    state.transaction(() => {
      for (const [job, log] of flushed) insertLog(state, job, log.waiting);
    });
    for (const [job, log] of flushed) {
      log.waiting = [];
      wake(job);
    }
  };

  /** Where the disk refuses, the events wait for the next try; the end of the job tries until it is written. */
  const tryFlush = () => {
    try {
      flush();
    } catch {
      // Nothing is lost: what was not written is still waiting.
    }
  };

  const flushLater = () => {
    timer ??= setTimeout(tryFlush, batchMs);
  };

  const wake = (job: number) => {
    for (const listener of listeners.get(job) ?? []) listener();
  };

  const changed = (job: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const set = listeners.get(job) ?? new Set();
      listeners.set(job, set);
      const done = () => {
        set.delete(done);
        if (set.size === 0) listeners.delete(job);
        signal.removeEventListener("abort", done);
        resolve();
      };
      set.add(done);
      signal.addEventListener("abort", done);
    });

  return {
    flush,
    voice: (job, secrets) => {
      const log = opened(job);
      log.redact = redactor(secrets);
      return (event) => {
        // A build that was given up may go on talking; the end of the job was the last word.
        if (open.get(job) !== log) return;
        append(log, event);
        const { waiting } = log;
        if (waiting.length > 0 && waiting.length % batchEvents === 0) tryFlush();
        else flushLater();
      };
    },
    end: (job, end, event) => {
      const log = opened(job);
      // A copy: where the disk refuses, the next try must not find the last event in it already.
      const last = { ...log, waiting: [...log.waiting] };
      if (event !== undefined) append(last, event);
      const ended = state.transaction(() => {
        const first = endJob(state, job, end, now());
        if (first) insertLog(state, job, last.waiting);
        return first;
      });
      open.delete(job);
      wake(job);
      return ended;
    },
    follow: async function* follow(job, from, signal) {
      let next = from;
      while (!signal.aborted) {
        tryFlush();
        const page = readLog(state, { job, from: next, limit: pageEvents });
        for (const event of page) {
          yield event;
          if (signal.aborted) return;
          next = event.offset + 1;
        }
        if (page.length > 0) continue;
        const found = findJob(state, job);
        if (found === undefined || !["queued", "running"].includes(found.state)) return;
        await changed(job, signal);
      }
    },
  };
}

function withinLimits(log: Open, event: Event): Event | undefined {
  if (event.kind !== "build" && event.kind !== "output") return event;
  const before = log.outputLength;
  log.outputLength += event.text.length;
  if (log.waiting.length > maxWaiting) return undefined;
  if (log.outputLength <= maxOutputLength) return event;
  return before > maxOutputLength
    ? undefined
    : { kind: "note", text: "more output follows and is left out" };
}

function shortened(event: Event): Event {
  if (!("text" in event) || event.text.length <= maxTextLength) return event;
  return { ...event, text: `${event.text.slice(0, maxTextLength)}…` };
}
