import type { PsSnapshot } from "../../core/actions/watch.ts";
import { followStream } from "../../adapters/wire/stream.ts";
import type { Connection } from "../connect/connect.ts";
import { readSnapshot } from "../input/snapshot.ts";

/** What runs now, from one stream that lasts while somebody looks: one signature for all views. */
export interface ServicesNow {
  /** The newest snapshot; waits for the first one. Rejects with why there is none. */
  readonly read: () => Promise<PsSnapshot>;
  /** Milliseconds since the newest snapshot, while it is watched. */
  readonly silentFor: () => number;
  /** Ends the stream when nobody has read for a while. */
  readonly rest: () => void;
}

export interface ServicesNowParts {
  readonly connection: Connection;
  readonly signal: AbortSignal;
  readonly now: () => number;
  /** The command that shows the same, for errors. */
  readonly again: string;
}

/** Begins to watch at the first `read`. */
export function watchServicesNow({
  connection,
  signal,
  now,
  again,
}: ServicesNowParts): ServicesNow {
  let watch: Watch | undefined;
  const begin = (): Watch => {
    const ended = new AbortController();
    const first = Promise.withResolvers<PsSnapshot>();
    // Without a reader it is no error that nobody handles.
    first.promise.catch(() => undefined);
    const made: Watch = { ended, first: first.promise, newest: undefined, heard: now() };
    const until = AbortSignal.any([signal, ended.signal]);
    void (async () => {
      try {
        const { request, place } = await connection.begin({ action: "ps", watch: true });
        const lines = followStream({ request, place, signal: until, cursor: () => "", again });
        for await (const line of lines) {
          const snapshot = readSnapshot(line);
          if (snapshot === undefined) continue;
          made.newest = snapshot;
          made.heard = now();
          first.resolve(snapshot);
        }
      } catch (error) {
        first.reject(error);
      } finally {
        // The next reader begins again.
        if (watch === made) watch = undefined;
      }
    })();
    return made;
  };
  return {
    read: async () => {
      watch ??= begin();
      return watch.newest ?? watch.first;
    },
    silentFor: () => (watch === undefined ? 0 : now() - watch.heard),
    rest: () => {
      watch?.ended.abort();
      watch = undefined;
    },
  };
}

interface Watch {
  readonly ended: AbortController;
  readonly first: Promise<PsSnapshot>;
  newest: PsSnapshot | undefined;
  heard: number;
}
