import type { Clock } from "../../deploy/ports.ts";

/** Whether Traefik hears what happens to containers: it does through the worker's own socket, so not for a moment after a worker has started. */
export interface TraefikEventStream {
  /** A stream of events was opened; call what is returned when it ends. */
  readonly opened: () => () => void;
  /** Resolves once Traefik has listened long enough to know all containers as they are, or does not come in time. */
  readonly waitUntilSubscribed: () => Promise<void>;
}

/** Traefik lists containers just before it listens, and takes them over within a tenth of a second. */
const settledMs = 1_000;
/** It tries again after 0.3 to 1.5 s, and on a busy machine later. */
const longestMs = 15_000;
const pollMs = 50;

export function createTraefikEventStream({ now, sleep }: Clock): TraefikEventStream {
  const open = new Map<symbol, number>();
  return {
    opened: () => {
      const key = Symbol("events");
      open.set(key, now());
      return () => void open.delete(key);
    },
    waitUntilSubscribed: async () => {
      const begun = now();
      const hears = () => [...open.values()].some((since) => now() - since >= settledMs);
      // oxlint-disable-next-line no-await-in-loop
      while (!hears() && now() - begun < longestMs) await sleep(pollMs);
    },
  };
}
