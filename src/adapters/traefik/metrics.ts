import type { Meter } from "../../deploy/ports.ts";
import {
  addAll,
  answersSince,
  readMetrics,
  waitingDials,
  type Answers,
} from "../../core/routing/metrics.ts";
import type { Readings } from "./readings.ts";

/** Counts answers by Traefik's own metrics: each reading adds the answers since the last one to the sum of every open switch. */
export function createMeter(readings: Readings): Meter & {
  /** True while a switch counts: a reading that fails then would take its count away. */
  readonly isCounting: () => boolean;
} {
  const meter = new TraefikMeter(readings);
  readings.listen((text) => meter.take(text));
  return meter;
}

const noDials = new Map([[waitingDials, { requests: 0, failed: 0 }]]);

class TraefikMeter {
  readonly #readings: Readings;
  readonly #open = new Map<symbol, ReadonlyMap<string, Answers>>();
  #last: ReadonlyMap<string, number> = new Map();
  #started: number | undefined;
  /** How many switches begin just now. */
  #beginning = 0;

  isCounting(): boolean {
    return this.#open.size + this.#beginning > 0;
  }

  constructor(readings: Readings) {
    this.#readings = readings;
  }

  async begin() {
    const key = Symbol("switch");
    this.#beginning += 1;
    const isRead = (await this.#readings.read()) !== undefined;
    this.#beginning -= 1;
    if (isRead) this.#open.set(key, new Map());
    return {
      read: async () => {
        if (this.#open.has(key)) await this.#readings.read();
        // Without a count of any router, Traefik keeps no metrics.
        return this.#last.size > 0 ? this.#open.get(key) : undefined;
      },
      end: () => void this.#open.delete(key),
    };
  }

  /** When the metrics cannot be read, all counts end: the lost answer may have shown a router for the last time. */
  take(text: string | undefined): void {
    if (text === undefined) {
      this.#open.clear();
      return;
    }
    if (!this.isCounting()) return;
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
  }
}
