import { setTimeout as sleep } from "node:timers/promises";
import type { Move } from "./run.ts";

/** Rolling by labels: the new containers join the old ones in the same service of Traefik, and the old ones stop once the new ones have surely started. */
export const labelsOnly: Move = async (old, create) => {
  const fresh = await create();
  await Promise.all(fresh.map((container) => container.start()));
  await sleep(pauseMs);
  await Promise.all(old.map((container) => container.stop()));
  await Promise.all(old.map((container) => container.remove()));
  return fresh;
};

export const pauseMs = 5_000;
