import { setTimeout as sleep } from "node:timers/promises";
import type { Meter } from "../../deploy/ports.ts";
import {
  addAll,
  answersSince,
  readMetrics,
  waitingDials,
  type Answers,
} from "../../core/routing/metrics.ts";
import { readTraefik } from "./api.ts";

const longestMs = 5_000;

/** Docker knows the address of Traefik, and may not answer. No deploy waits longer than this. */
const tooLong = (): Promise<undefined> => sleep(longestMs, undefined, { ref: false });

type Locate = () => Promise<{ readonly api: string }>;

/** Counts answers by Traefik's own metrics. Traefik shows the count of a removed router only once more. So one reading serves all open switches: readings come one after the other, and each adds the answers since the last one to every sum. */
export const createMeter = (locate: Locate): Meter => new TraefikMeter(locate);

const noDials = new Map([[waitingDials, { requests: 0, failed: 0 }]]);

class TraefikMeter {
  readonly #locate: Locate;
  readonly #open = new Map<symbol, ReadonlyMap<string, Answers>>();
  #last: ReadonlyMap<string, number> = new Map();
  #started: number | undefined;
  #base: string | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(locate: Locate) {
    this.#locate = locate;
  }

  async begin() {
    const key = Symbol("switch");
    await this.#inTurn(async () => {
      if (await this.#read()) this.#open.set(key, new Map());
    });
    return {
      read: () =>
        this.#inTurn(async () => {
          if (this.#open.has(key)) await this.#read();
          // Without a count of any router, Traefik keeps no metrics.
          return this.#last.size > 0 ? this.#open.get(key) : undefined;
        }),
      end: () => void this.#inTurn(async () => this.#open.delete(key)),
    };
  }

  /** False when the metrics cannot be read. Then all counts end: the lost answer may have shown a router for the last time. */
  async #read(): Promise<boolean> {
    const text = await Promise.race([this.#scrape().catch(() => undefined), tooLong()]);
    if (text === undefined) {
      this.#open.clear();
      return false;
    }
    const metrics = readMetrics(text);
    // The last counts of an earlier Traefik process are lost.
    if (metrics.started !== this.#started) this.#open.clear();
    this.#started = metrics.started;
    const grown = addAll(
      metrics.countsDials ? noDials : new Map(),
      answersSince(this.#last, metrics.counts),
    );
    for (const [key, sums] of this.#open) this.#open.set(key, addAll(sums, grown));
    this.#last = new Map(metrics.counts.map(({ series, value }) => [series, value]));
    return true;
  }

  async #scrape(): Promise<string> {
    const known = this.#base;
    this.#base = undefined;
    // A restarted Traefik may have another address.
    const text = known && (await this.#scrapeAt(known).catch(() => undefined));
    return text ?? this.#scrapeAt((await this.#locate()).api);
  }

  async #scrapeAt(address: string): Promise<string> {
    const text = await readTraefik(address, "/metrics");
    this.#base = address;
    return text;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
