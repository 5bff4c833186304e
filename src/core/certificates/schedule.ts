import type { HostRecord } from "./record.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** Pause after the first, second, … failure in a row; the last one repeats. */
const backOffMs = [15 * minuteMs, hourMs, 4 * hourMs, 24 * hourMs] as const;
/** A CA blocks a name after some failures in an hour: Let's Encrypt after 5. */
const mostInAnHour = 4;
const [atOnceMs, eagerMs] = [5 * minuteMs, 30 * minuteMs];

/** Time of the next attempt after `failures` failures in a row; `asks` are the times of all earlier requests. */
export function nextTry(record: Pick<HostRecord, "failures" | "asks">, now: number): number {
  const { failures, asks } = record;
  const step = Math.min(failures, backOffMs.length) - 1;
  return nextAllowedRequest(asks, now + (backOffMs[step] ?? 0), now);
}

/** The first time from `from` on that stays within four requests an hour. Requests after `now` were written by a wrong clock, and count as now. */
export function nextAllowedRequest(asks: readonly number[], from: number, now = from): number {
  const times = asks.map((at) => Math.min(at, now)).toSorted((a, b) => b - a);
  const oldest = times[mostInAnHour - 1];
  return oldest === undefined ? from : Math.max(from, oldest + hourMs);
}

/** Time of the next check of a host that waits since `since`: often in the first minutes, when the operator may watch. */
export function nextCheck(since: number, now: number): number {
  const waited = now - since;
  if (waited < atOnceMs) return now + minuteMs / 3;
  return now + (waited < eagerMs ? minuteMs : 10 * minuteMs);
}

const dayMs = 24 * hourMs;

/** Time before the end when a certificate needs attention: two weeks, or a tenth of a lifetime below 60 days. */
export function warnBeforeMs(from: number, until: number): number {
  const lifetime = Math.max(0, until - from);
  return lifetime >= 60 * dayMs ? 14 * dayMs : lifetime / 10;
}
