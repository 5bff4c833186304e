import type { Event, LoggedEvent } from "../../core/wire/events.ts";
import { redactEvent, type Redact } from "../../core/redact.ts";

/** Output of programs is dropped when so many events wait for a disk that takes none. */
const maxWaiting = 2000;
const maxTextLength = 8 * 1024;
/** Output beyond this many characters is left out, so that one endless program cannot fill the disk. */
const maxOutputLength = 8 * 1024 * 1024;

/** The events of one job that are not on disk yet. */
export interface LogBuffer {
  /** The offset of the next event. */
  next: number;
  waiting: LoggedEvent[];
  outputLength: number;
  redact: Redact;
}

/** A buffer whose first event gets that offset. */
export const newBuffer = (next: number): LogBuffer => ({
  next,
  waiting: [],
  outputLength: 0,
  redact: (text) => text,
});

/** Adds an event without its secrets, shortened, or not at all where the job has printed too much. */
export function append(buffer: LogBuffer, event: Event, at: number): void {
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
