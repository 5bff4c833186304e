import type { Meter } from "../../deploy/ports.ts";
import type { Answers } from "../../core/routing/metrics.ts";
import { addAll, answersSince, readMetrics } from "../../core/routing/metrics.ts";
import { readTraefik } from "./api.ts";

const longestMs = 5_000;

/** Docker, which knows where Traefik is, may not answer either; no deploy waits for that. */
const tooLong = (): Promise<undefined> =>
  new Promise((resolve) => {
    setTimeout(resolve, longestMs, undefined).unref();
  });

/**
 * A meter on Traefik's own metrics. What a router that is gone has counted is shown only once more, so one reading serves all switches
 * that are under way: readings come one after the other, and each adds what was answered since the one before to every sum.
 */
export function createMeter(locate: () => Promise<{ readonly api: string }>): Meter {
  const open = new Map<symbol, ReadonlyMap<string, Answers>>();
  let last: ReadonlyMap<string, number> = new Map();
  let started: number | undefined;
  let base: string | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const scrapeAt = async (address: string): Promise<string> => {
    const text = await readTraefik(address, "/metrics");
    base = address;
    return text;
  };

  const scrape = async (): Promise<string> => {
    const known = base;
    base = undefined;
    // A Traefik that was started again may have another address.
    const text = known === undefined ? undefined : await scrapeAt(known).catch(() => undefined);
    return text ?? scrapeAt((await locate()).api);
  };

  /** False where it cannot be read; then every count ends: the answer that did not arrive may have been the one that showed what nothing shows again. */
  const read = async (): Promise<boolean> => {
    const text = await Promise.race([scrape().catch(() => undefined), tooLong()]);
    if (text === undefined) {
      open.clear();
      return false;
    }
    const metrics = readMetrics(text);
    // What it counted before it ended, and whom it cut off then, nobody knows.
    if (metrics.started !== started) open.clear();
    started = metrics.started;
    const grown = answersSince(last, metrics.counts);
    for (const [key, sums] of open) open.set(key, addAll(sums, grown));
    last = new Map(metrics.counts.map(({ series, value }) => [series, value]));
    return true;
  };

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => undefined);
    return done;
  };

  return {
    begin: async () => {
      const key = Symbol("switch");
      await inTurn(async () => {
        if (await read()) open.set(key, new Map());
      });
      return {
        read: () =>
          inTurn(async () => {
            if (open.has(key)) await read();
            // No count of any router: Traefik was told to keep none.
            return last.size > 0 ? open.get(key) : undefined;
          }),
        end: () => void inTurn(async () => open.delete(key)),
      };
    },
  };
}
