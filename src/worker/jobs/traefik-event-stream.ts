import type { Clock } from "../../deploy/ports.ts";

/** Tells whether Traefik receives Docker's events; it does so through the worker's socket, so not for a moment after a worker has started. */
export interface TraefikEventStream {
  /** Call it when a stream of events was opened, and its result when that stream ends. */
  readonly opened: () => () => void;
  /** Resolves once Traefik has read events long enough to know all containers, or after 15 s. */
  readonly waitUntilSubscribed: () => Promise<void>;
}

/** Traefik lists containers just before it opens the stream, and has read them within a tenth of a second. */
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
      const isSubscribed = () => [...open.values()].some((since) => now() - since >= settledMs);
      while (!isSubscribed() && now() - begun < longestMs) await sleep(pollMs);
    },
  };
}
