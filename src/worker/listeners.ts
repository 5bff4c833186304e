/** Readers that wait for the next change of something that a key names. */
export interface Listeners<K> {
  readonly notify: (key: K) => void;
  /** Resolves at the next `notify` for that key, or when the signal is aborted. */
  readonly changed: (key: K, signal: AbortSignal) => Promise<void>;
}

export function createListeners<K>(): Listeners<K> {
  const waiting = new Map<K, Set<() => void>>();
  return {
    notify: (key) => {
      for (const listener of waiting.get(key) ?? []) listener();
    },
    changed: (key, signal) =>
      new Promise((resolve) => {
        const set = waiting.get(key) ?? new Set();
        waiting.set(key, set);
        const done = () => {
          set.delete(done);
          if (set.size === 0) waiting.delete(key);
          signal.removeEventListener("abort", done);
          resolve();
        };
        set.add(done);
        signal.addEventListener("abort", done);
        if (signal.aborted) done();
      }),
  };
}
