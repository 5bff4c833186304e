import { setTimeout as sleep } from "node:timers/promises";

/** A message of a live list: entries that replace what is there, or come after it. */
export interface Batch {
  readonly event: "all" | "more" | "end";
  readonly entries: string;
}

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-store",
  "x-accel-buffering": "no",
};

/** Sends batches as server-sent events, each when the browser has taken the one before, with a comment after 15 s of silence. */
export function liveAnswer(batches: AsyncGenerator<Batch>, onEnd: () => void): Response {
  const text = new TextEncoder();
  let next: Promise<IteratorResult<Batch>> | undefined;
  const end = () => {
    onEnd();
    next?.catch(() => undefined);
    batches.return(undefined).catch(() => undefined);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        next ??= batches.next();
        const ended = new AbortController();
        const silence = sleep(15_000, undefined, { signal: ended.signal }).catch(() => undefined);
        try {
          const result = await Promise.race([next, silence]);
          if (result === undefined) return controller.enqueue(text.encode(": \n\n"));
          next = undefined;
          if (result.done === true) {
            onEnd();
            return controller.close();
          }
          const { event, entries } = result.value;
          const data = entries.split(/[\r\n]+/).map((line) => `data: ${line}\n`);
          return controller.enqueue(text.encode(`event: ${event}\n${data.join("")}\n`));
        } catch {
          // The browser comes back by itself.
          end();
          return controller.close();
        } finally {
          ended.abort();
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers });
}

/** What came in, in batches: so many of the newest items at most wait for the reader. */
export interface Waiting<T> {
  readonly push: (item: T) => void;
  readonly close: () => void;
  /** Everything that came since the last call, at the earliest `pauseMs` after it; undefined at the end. */
  readonly take: () => Promise<readonly T[] | undefined>;
}

/** Makes a buffer between a source that does not wait and a reader that may be slow. */
export function waitingFor<T>(most: number, pauseMs: number): Waiting<T> {
  let items: T[] = [];
  let isOpen = true;
  let wakeUp = Promise.withResolvers<void>();
  const wake = () => {
    wakeUp.resolve();
    wakeUp = Promise.withResolvers<void>();
  };
  return {
    push: (item) => {
      items.push(item);
      if (items.length > 2 * most) items = items.slice(-most);
      if (items.length === 1) wake();
    },
    close: () => {
      isOpen = false;
      wake();
    },
    take: async () => {
      if (isOpen) await sleep(pauseMs);
      while (isOpen && items.length === 0) await wakeUp.promise;
      if (items.length === 0) return undefined;
      const taken = items.slice(-most);
      items = [];
      return taken;
    },
  };
}
