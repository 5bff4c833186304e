import { jsonFields } from "../actions/fields.ts";
import { eventShape } from "../stored/events.ts";
import { stripControls } from "../terminal-text.ts";
import type { LoggedEvent } from "./events.ts";

/** Reads one line of a job's log, its texts made safe for a terminal; `event` is undefined for a kind that this version does not know and that has no `fallback`, all is undefined for a broken line. */
export function readLoggedEvent(
  line: string,
): { readonly offset: number; readonly event: LoggedEvent | undefined } | undefined {
  const fields = jsonFields(line);
  const { offset, at } = fields ?? {};
  if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) return undefined;
  const known = [fields, fields?.["fallback"]].map(readEvent).find((event) => event !== undefined);
  if (known === undefined) return { offset, event: undefined };
  const time = typeof at === "number" && Number.isFinite(at) ? at : 0;
  return { offset, event: { ...known, offset, at: time } };
}

/** An event as the worker said it, of whatever kind: the receiver may be older and still passes it on whole. */
export function relayedEvent(line: string): LoggedEvent {
  const fields = jsonFields(line);
  if (typeof fields?.["offset"] !== "number") throw new Error("not an event");
  return fields as unknown as LoggedEvent;
}

function readEvent(value: unknown) {
  try {
    return makeSafe(eventShape(value, ""));
  } catch {
    return undefined;
  }
}

/** Every text of it, at any depth. */
function makeSafe<T>(value: T): T;
function makeSafe(value: unknown): unknown {
  if (typeof value === "string") return stripControls(value);
  if (Array.isArray(value)) return value.map(makeSafe);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, makeSafe(item)]));
}
