import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../../src/deploy/ports.ts";

/** Real time, for tests against a real Docker. */
export const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};
