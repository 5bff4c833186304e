/** Names that a switch has lent, and gives back once requests that waited have been answered. No job waits for that, but the next switch of the service does. */
export interface NameHandovers {
  /** True when an earlier switch has no name to give back any more. */
  readonly isSettled: (service: string) => boolean;
  readonly settled: (service: string) => Promise<void>;
  /** Begins after the handovers of the service that were begun before; `work` must not throw. */
  readonly begin: (service: string, work: () => Promise<void>) => void;
}

/** Keeps them in memory; after a crash the journal says which are left. */
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
