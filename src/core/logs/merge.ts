interface Timed {
  /** UTC with nanoseconds, always of the same length. */
  readonly at: string;
}

interface Source<T> {
  readonly queue: { readonly item: T; readonly due: number }[];
  last: string;
  isOpen: boolean;
}

/** Merges the lines of several sources by their times, with the shortest possible delay. An item waits for sources that may still have an earlier one, at most `windowMs` after it was printed. The order of each source stays. */
export function createMerge<T extends Timed>(windowMs: number) {
  const sources = new Map<string, Source<T>>();
  const earliest = () => {
    let found: Source<T> | undefined;
    for (const source of sources.values()) {
      const [first] = source.queue;
      if (first === undefined) continue;
      const best = found?.queue[0];
      if (best === undefined || first.item.at < best.item.at) found = source;
    }
    return found;
  };
  const isBlocked = (at: string) =>
    [...sources.values()].some(
      ({ isOpen, queue, last }) => isOpen && queue.length === 0 && last < at,
    );
  const tidy = () => {
    for (const [name, { isOpen, queue }] of sources)
      if (!isOpen && queue.length === 0) sources.delete(name);
  };
  return {
    open: (name: string): void => {
      const known = sources.get(name);
      if (known === undefined) sources.set(name, { queue: [], last: "", isOpen: true });
      else known.isOpen = true;
    },
    push: (name: string, item: T, now: number): void => {
      const source = sources.get(name);
      if (source === undefined) throw new Error(`source ${name}: not open`);
      const printed = Math.min(Date.parse(item.at), now);
      source.queue.push({ item, due: (Number.isNaN(printed) ? now : printed) + windowMs });
      if (item.at > source.last) source.last = item.at;
    },
    /** Ends a source; `take` still returns its items. */
    close: (name: string): void => {
      const source = sources.get(name);
      if (source !== undefined) source.isOpen = false;
      tidy();
    },
    /** Items that may go out now. */
    take: (now: number): readonly T[] => {
      const out: T[] = [];
      for (;;) {
        const source = earliest();
        const first = source?.queue[0];
        if (source === undefined || first === undefined) break;
        if (first.due > now && isBlocked(first.item.at)) break;
        source.queue.shift();
        out.push(first.item);
      }
      tidy();
      return out;
    },
    /** Milliseconds until the next item may go out without new input; undefined when none is held back. */
    dueIn: (now: number): number | undefined => {
      const first = earliest()?.queue[0];
      return first === undefined ? undefined : Math.max(0, first.due - now);
    },
  };
}

/** The same for sources that end: an item goes out when every source has shown its next one. */
export async function* mergeEnded<T extends Timed>(
  sources: readonly AsyncIterable<readonly T[]>[],
): AsyncGenerator<T> {
  const open = sources.map((one) => ({ batches: one[Symbol.asyncIterator](), rest: [] as T[] }));
  const heads = new Set<(typeof open)[number]>();
  const refill = async (one: (typeof open)[number]) => {
    while (one.rest.length === 0) {
      const next = await one.batches.next();
      if (next.done === true) return void heads.delete(one);
      one.rest = next.value.toReversed();
    }
    heads.add(one);
  };
  try {
    await Promise.all(open.map(refill));
    while (heads.size > 0) {
      const [first] = [...heads].toSorted((a, b) => (atOf(a.rest) < atOf(b.rest) ? -1 : 1));
      const item = first?.rest.pop();
      if (first === undefined || item === undefined) return;
      yield item;
      if (first.rest.length === 0) await refill(first);
    }
  } finally {
    await Promise.all(open.map(async (one) => one.batches.return?.()));
  }
}

const atOf = (rest: readonly Timed[]): string => rest.at(-1)?.at ?? "";
