import type { LoggedEvent } from "./events.ts";
import { stripControls } from "../terminal-text.ts";

type Check = (value: unknown) => boolean;
const text: Check = (value) => typeof value === "string";
const count: Check = (value) => typeof value === "number" && Number.isFinite(value);
const texts: Check = (value) => Array.isArray(value) && value.every(text);
const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

const shapes: { readonly [K in LoggedEvent["kind"]]: Readonly<Record<string, Check>> } = {
  step: { text },
  note: { text },
  warning: { text, hint: maybe(text), hintParts: maybe(texts) },
  upload: { files: count, totalFiles: count, bytes: count, totalBytes: count, rate: count },
  queued: { job: count, behind: count },
  attached: { job: count },
  build: { text },
  output: { text },
  ready: { replica: count, ms: count },
  live: { service: text, release: count, urls: texts, ms: count },
  receipt: {
    service: text,
    release: count,
    ms: count,
    requests: maybe(count),
    failed: maybe(count),
  },
  unchanged: { service: text, release: count },
  stopped: { service: text, release: count },
  removed: { service: text, kept: texts },
  failed: {
    message: text,
    hint: maybe(text),
    hintParts: maybe(texts),
    details: texts,
    still: maybe(text),
  },
  superseded: { job: count, by: count },
};

/** Reads one line of a job's log, its texts made safe for a terminal; `event` is undefined for a kind that this version does not know, all is undefined for a broken line. */
export function readLoggedEvent(
  line: string,
): { readonly offset: number; readonly event: LoggedEvent | undefined } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  const { kind, offset, at } = fields;
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) return undefined;
  const checks =
    typeof kind === "string" && Object.hasOwn(shapes, kind)
      ? shapes[kind as LoggedEvent["kind"]]
      : undefined;
  if (!checks || !Object.entries(checks).every(([name, check]) => check(fields[name])))
    return { offset, event: undefined };
  const known = Object.keys(checks).filter((name) => fields[name] !== undefined);
  const safe = Object.fromEntries(known.map((name) => [name, makeSafe(fields[name])]));
  return { offset, event: { kind, offset, at: count(at) ? at : 0, ...safe } as LoggedEvent };
}

/** True for the events after which a job says nothing more. */
export const isLast = (event: LoggedEvent): boolean =>
  event.kind === "receipt" || (isOutcome(event) && event.kind !== "live");

/** True for the events that tell what became of a job. After `live` its old release is still to be removed, and the receipt to be said. */
export const isOutcome = (event: LoggedEvent): boolean =>
  ["live", "unchanged", "stopped", "removed", "failed", "superseded"].includes(event.kind);

function makeSafe(value: unknown): unknown {
  if (typeof value === "string") return stripControls(value);
  return Array.isArray(value) ? value.map(makeSafe) : value;
}
