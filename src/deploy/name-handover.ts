/** What a switch leaves to be done once requests that waited have been answered. No job waits for it, but the next switch of the service does before it touches the same containers. */
export interface NameHandovers {
  /** True when nothing is left from an earlier switch. */
  readonly isSettled: (service: string) => boolean;
  readonly settled: (service: string) => Promise<void>;
  /** Begins after what the service has left before; `work` deals with its own failures. */
  readonly begin: (service: string, work: () => Promise<void>) => void;
}

/** Keeps account of it in memory; after a crash the journal says what is left. */
export function createNameHandovers(): NameHandovers {
  const left = new Map<string, Promise<void>>();
  return {
    isSettled: (service) => !left.has(service),
    settled: async (service) => left.get(service),
    begin: (service, work) => {
      const before = left.get(service) ?? Promise.resolve();
      const done = before.then(work).finally(() => {
        if (left.get(service) === done) left.delete(service);
      });
      left.set(service, done);
    },
  };
}
