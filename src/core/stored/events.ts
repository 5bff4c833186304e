import type { Event, LoggedEvent } from "../wire/events.ts";
import { amount, hinted, listOf, maybe, object, text, union } from "./shape.ts";
import { inState, readStored } from "./stored.ts";

type Of<K extends Event["kind"]> = Omit<Extract<Event, { readonly kind: K }>, "kind">;

/** Every event, as it stands in the log of a job and goes over the wire. */
export const eventShape = union<Event>({
  step: object<Of<"step">, "text">({ text }),
  note: object<Of<"note">, "text">({ text }),
  warning: object<Of<"warning">, "text">({ text, ...hinted }),
  upload: object<Of<"upload">, "files" | "totalFiles" | "bytes" | "totalBytes" | "rate">({
    files: amount,
    totalFiles: amount,
    bytes: amount,
    totalBytes: amount,
    rate: amount,
  }),
  queued: object<Of<"queued">, "job" | "behind">({ job: amount, behind: amount }),
  attached: object<Of<"attached">, "job">({ job: amount }),
  build: object<Of<"build">, "text">({ text }),
  output: object<Of<"output">, "text">({ text }),
  ready: object<Of<"ready">, "replica" | "ms">({
    process: maybe(text),
    replica: amount,
    ms: amount,
  }),
  live: object<Of<"live">, "service" | "release" | "urls" | "ms">({
    service: text,
    release: amount,
    urls: listOf(text),
    unproven: maybe(listOf(text)),
    ms: amount,
  }),
  receipt: object<Of<"receipt">, "service" | "release" | "ms">({
    service: text,
    release: amount,
    ms: amount,
    requests: maybe(amount),
    failed: maybe(amount),
  }),
  unchanged: object<Of<"unchanged">, "service" | "release">({ service: text, release: amount }),
  stopped: object<Of<"stopped">, "service" | "release">({ service: text, release: amount }),
  removed: object<Of<"removed">, "service" | "kept">({ service: text, kept: listOf(text) }),
  finished: object<Of<"finished">, "action" | "text">({ action: text, text }),
  failed: object<Of<"failed">, "message" | "details">({
    message: text,
    ...hinted,
    details: listOf(text),
    still: maybe(text),
  }),
  superseded: object<Of<"superseded">, "job" | "by">({ job: amount, by: amount }),
});

/** Reads an event out of the log of a job; one that is damaged leaves a note in its place, because the rest of the log is worth reading. */
export function readStoredEvent(
  json: string,
  { job, offset, at }: { readonly job: number; readonly offset: number; readonly at: number },
): LoggedEvent {
  try {
    const event = readStored(json, eventShape, inState(`event ${offset} of job ${job}`));
    return { ...event, offset, at };
  } catch (error) {
    return { kind: "note", text: error instanceof Error ? error.message : "", offset, at };
  }
}
