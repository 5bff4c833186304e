import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../deploy/ports.ts";

/** The clock of the machine. */
export function realClock(now: () => number): Clock {
  return {
    now,
    sleep: async (ms, signal) => {
      try {
        await sleep(ms, undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        // The caller gets its own reason, not Node's word for it.
        signal?.throwIfAborted();
        throw error;
      }
    },
  };
}
