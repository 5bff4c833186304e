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
