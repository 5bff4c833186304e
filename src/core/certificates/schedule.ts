const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** After the first, second, … failure in a row; the last one goes on. */
const backOffMs = [15 * minuteMs, hourMs, 4 * hourMs, 24 * hourMs] as const;
/** A CA blocks a name after a few failures an hour: Let's Encrypt after 5. */
const mostInAnHour = 4;
const [atOnceMs, eagerMs] = [5 * minuteMs, 30 * minuteMs];

/** When a host is tried again whose attempt failed just now, the `failures`-th time in a row; `asks` are the times of all earlier attempts. */
export function nextTry({
  failures,
  now,
  asks,
}: {
  readonly failures: number;
  readonly now: number;
  readonly asks: readonly number[];
}): number {
  const step = Math.min(failures, backOffMs.length) - 1;
  return nextAllowedRequest(asks, now + (backOffMs[step] ?? 0), now);
}

/** The earliest time from `from` on at which one more attempt stays within four in any hour. Asks later than `now` come from a clock that was put back, and count as just now. */
export function nextAllowedRequest(asks: readonly number[], from: number, now = from): number {
  const times = asks.map((at) => Math.min(at, now)).toSorted((a, b) => b - a);
  const oldest = times[mostInAnHour - 1];
  return oldest === undefined ? from : Math.max(from, oldest + hourMs);
}

/** When a host is looked at again that the CA would refuse since `since`: soon as long as somebody may sit and wait. */
export function nextCheck(since: number, now: number): number {
  const waited = now - since;
  if (waited < atOnceMs) return now + minuteMs / 3;
  return now + (waited < eagerMs ? minuteMs : 10 * minuteMs);
}
