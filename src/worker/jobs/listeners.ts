/** Readers that wait for the next event of a job. */
export interface Listeners {
  readonly notify: (job: number) => void;
  /** Resolves at the next `notify` for that job, or when the signal is aborted. */
  readonly changed: (job: number, signal: AbortSignal) => Promise<void>;
}

export function createListeners(): Listeners {
  const waiting = new Map<number, Set<() => void>>();
  return {
    notify: (job) => {
      for (const listener of waiting.get(job) ?? []) listener();
    },
    changed: (job, signal) =>
      new Promise((resolve) => {
        const set = waiting.get(job) ?? new Set();
        waiting.set(job, set);
        const done = () => {
          set.delete(done);
          if (set.size === 0) waiting.delete(job);
          signal.removeEventListener("abort", done);
          resolve();
        };
        set.add(done);
        signal.addEventListener("abort", done);
      }),
  };
}
