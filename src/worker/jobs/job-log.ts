import type { Event, LoggedEvent, Say } from "../../core/wire/events.ts";
import { redactEvent, redactor, type Redact } from "../../core/redact.ts";
import { endJob, findJob, type JobEnd } from "../../adapters/state/jobs.ts";
import { insertLog, nextOffset, readLog } from "../../adapters/state/log.ts";
import type { State } from "../../adapters/state/state.ts";
import { createListeners, type Listeners } from "../listeners.ts";

/** The events of every job: on disk before anyone reads them, followed live by any number of readers. */
export interface JobLog {
  /** Takes the events of one job; the values given never appear in what is written. */
  readonly writer: (job: number, secrets: readonly string[]) => Say;
  /** Ends the job with its last event in one commit; false when it had ended before, and then nothing is written. */
  readonly end: (job: number, end: JobEnd, event: Event | undefined) => boolean;
  /** Yields events from offset `from` on and ends with the job. */
  readonly follow: (job: number, from: number, signal: AbortSignal) => AsyncIterable<LoggedEvent>;
  /** Writes what is still waiting for its batch. */
  readonly flush: () => void;
}

const batchMs = 20;
const batchEvents = 64;
const pageEvents = 200;
/** Output of programs is dropped when so many events wait for a disk that takes none. */
const maxWaiting = 2000;
const maxTextLength = 8 * 1024;
/** Output beyond this many characters is left out, so that one endless program cannot fill the disk. */
const maxOutputLength = 8 * 1024 * 1024;

export function createJobLog(parts: { readonly state: State; readonly now: () => number }): JobLog {
  const { state, now } = parts;
  const listeners = createListeners<number>();
  const { buffers, flush, tryFlush, flushLater } = createBuffers(state, listeners);
  const bufferOf = (job: number): LogBuffer => {
    const known = buffers.get(job);
    if (known !== undefined) return known;
    const next = nextOffset(state, job);
    const buffer: LogBuffer = { next, waiting: [], outputLength: 0, redact: (text) => text };
    buffers.set(job, buffer);
    return buffer;
  };
  return {
    flush,
    writer: (job, secrets) => {
      const buffer = bufferOf(job);
      buffer.redact = redactor(secrets);
      return (event) => {
        // A build that was given up may go on printing; the end of the job was its last event.
        if (buffers.get(job) !== buffer) return;
        append(buffer, event, now());
        const { length } = buffer.waiting;
        if (length > 0 && length % batchEvents === 0) tryFlush();
        else flushLater();
      };
    },
    end: (job, end, event) => {
      const buffer = bufferOf(job);
      // A copy: where the disk refuses, the next try must not find the last event in it already.
      const last = { ...buffer, waiting: [...buffer.waiting] };
      if (event !== undefined) append(last, event, now());
      const isFirst = state.transaction(() => {
        const ended = endJob(state, job, end, now());
        if (ended) insertLog(state, job, last.waiting);
        return ended;
      });
      buffers.delete(job);
      listeners.notify(job);
      return isFirst;
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
        await listeners.changed(job, signal);
      }
    },
  };
}

/** The buffers of the jobs that have not ended, written in batches. */
function createBuffers(state: State, listeners: Listeners<number>) {
  const buffers = new Map<number, LogBuffer>();
  let timer: NodeJS.Timeout | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    const flushed = [...buffers].filter(([, { waiting }]) => waiting.length > 0);
    state.transaction(() => {
      for (const [job, { waiting }] of flushed) insertLog(state, job, waiting);
    });
    for (const [job, buffer] of flushed) {
      buffer.waiting = [];
      listeners.notify(job);
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
  return { buffers, flush, tryFlush, flushLater };
}

/** The events of one job that are not on disk yet. */
interface LogBuffer {
  /** The offset of the next event. */
  next: number;
  waiting: LoggedEvent[];
  outputLength: number;
  redact: Redact;
}

/** Adds an event without its secrets, shortened, or not at all where the job has printed too much. */
function append(buffer: LogBuffer, event: Event, at: number): void {
  const kept = withinLimits(buffer, event);
  if (kept === undefined) return;
  const safe = redactEvent(kept, buffer.redact);
  buffer.waiting.push({ ...shortened(safe), offset: buffer.next, at });
  buffer.next += 1;
}

function withinLimits(buffer: LogBuffer, event: Event): Event | undefined {
  if (event.kind !== "build" && event.kind !== "output") return event;
  const before = buffer.outputLength;
  buffer.outputLength += event.text.length;
  if (buffer.waiting.length > maxWaiting) return undefined;
  if (buffer.outputLength <= maxOutputLength) return event;
  return before > maxOutputLength
    ? undefined
    : { kind: "note", text: "more output follows and is left out" };
}

function shortened(event: Event): Event {
  if (!("text" in event) || event.text.length <= maxTextLength) return event;
  return { ...event, text: `${event.text.slice(0, maxTextLength)}…` };
}
