import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../deploy/ports.ts";

/** The clock of this machine. */
export function realClock(now: () => number): Clock {
  return {
    now,
    sleep: async (ms, signal) => {
      try {
        await sleep(ms, undefined, { signal });
      } catch (error) {
        throw signal?.aborted ? signal.reason : error;
      }
    },
  };
}

/** Waits for a promise, but only so long: then `late` may throw, and the result is undefined. */
export async function within<T>(
  promise: Promise<T>,
  { clock, ms }: { readonly clock: Clock; readonly ms: number },
  late: () => undefined = () => undefined,
): Promise<T | undefined> {
  const done = new AbortController();
  const silence = clock.sleep(ms, done.signal).then(late, () => undefined);
  try {
    return await Promise.race([promise, silence]);
  } finally {
    done.abort();
  }
}
