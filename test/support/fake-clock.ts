import { setImmediate } from "node:timers";
import type { Clock } from "../../src/deploy/ports.ts";

/** Virtual time: it jumps to the next sleeper whenever nothing else is left to do. */
export function fakeClock(): Clock {
  let now = 1_000_000;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const advance = (): void => {
    sleepers.sort((a, b) => a.at - b.at);
    const next = sleepers.shift();
    if (next === undefined) return;
    now = Math.max(now, next.at);
    next.wake();
  };
  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const abort = (): void => reject(signal?.reason as Error);
        if (signal?.aborted === true) return abort();
        signal?.addEventListener("abort", abort, { once: true });
        const wake = (): void => {
          signal?.removeEventListener("abort", abort);
          resolve();
        };
        sleepers.push({ at: now + ms, wake });
        setImmediate(advance);
      }),
  };
}
