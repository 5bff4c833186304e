/** The sent and unsent items of one reader, numbered from 0, so that a new connection continues where the last one broke. `maxUnsent`: size that waits for the reader. `maxSent`: size that stays for a reader whose connection broke. */
export function createReplay<T>(limits: { readonly maxUnsent: number; readonly maxSent: number }) {
  const items: { readonly item: T; readonly size: number }[] = [];
  let first = 0;
  let sent = 0;
  let sentSize = 0;
  let unsentSize = 0;
  const forget = () => {
    let count = 0;
    while (count < sent && sentSize > limits.maxSent) {
      sentSize -= items[count]?.size ?? 0;
      count += 1;
    }
    items.splice(0, count);
    first += count;
    sent -= count;
  };
  return {
    push: (item: T, size: number): void => {
      items.push({ item, size });
      unsentSize += size;
    },
    /** True while the producer should wait. */
    isFull: (): boolean => unsentSize >= limits.maxUnsent,
    /** The next unsent items: at least one if there is one, up to about `size`. */
    take: (size: number): readonly T[] => {
      const taken: T[] = [];
      for (let left = size; left > 0 && sent < items.length; sent += 1) {
        const one = items[sent];
        if (one === undefined) break;
        taken.push(one.item);
        left -= one.size;
        sentSize += one.size;
        unsentSize -= one.size;
      }
      forget();
      return taken;
    },
    /** Goes back to item number `next`; false when it is no longer stored. */
    rewind: (next: number): boolean => {
      if (next < first || next > first + sent) return false;
      for (; first + sent > next; sent -= 1) {
        const size = items[sent - 1]?.size ?? 0;
        sentSize -= size;
        unsentSize += size;
      }
      return true;
    },
    /** Number of the next item to send. */
    next: (): number => first + sent,
  };
}
