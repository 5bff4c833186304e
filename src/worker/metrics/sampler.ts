import { addTraffic, noTraffic, regroup, spanOf, type Traffic } from "../../core/metrics/point.ts";
import type { Totals } from "../../core/actions/usage.ts";
import type { TrafficCounter } from "../../core/metrics/traffic.ts";
import { WorkCounter, type Load, type Work } from "../../core/metrics/work.ts";
import { readTimes } from "../../core/routing/answer-times.ts";
import { startOf } from "../../core/routing/metrics.ts";
import { routerOwners } from "../../core/routing/router-owners.ts";
import { instancePaths } from "../../core/server/instance.ts";
import type { Clock } from "../../deploy/ports.ts";
import {
  openMetricsStore,
  type MetricsStore,
  type ServicePoint,
} from "../../adapters/metrics-store.ts";
import { serviceNames } from "../../adapters/state/services.ts";
import type { createMeter } from "../../adapters/traefik/metrics.ts";
import type { Readings } from "../../adapters/traefik/readings.ts";
import type { TraefikRouter } from "../../adapters/traefik/router.ts";
import type { ToolParts } from "../deploy/tools.ts";

/** Time between two samples, and how long they are kept as they are. */
export const sampleMs = 10_000;
export const recentMs = 15 * 60_000;
const minuteMs = 60_000;
const forgetMs = 60 * 60_000;
/** A switch that takes long must not leave its requests uncounted. */
const skippedAtMost = 6;

/** Counts what services do, all the time. */
export interface Sampler {
  readonly start: () => void;
  readonly stop: () => void;
  /** By service and time, in spans of `stepMs`, which is a multiple of 10 s. */
  readonly read: (wanted: Parameters<MetricsStore["read"]>[0]) => readonly ServicePoint[];
  readonly totals: (service: string) => Totals;
  /** Since when there are spans below a minute: the last quarter of an hour, or the start of this worker. */
  readonly fineSince: () => number;
}

export interface SamplerParts {
  readonly readings: Readings;
  readonly meter: Pick<ReturnType<typeof createMeter>, "isCounting">;
  readonly traffic: TrafficCounter;
  readonly serviceOf: (router: string) => string | undefined;
  readonly loads: () => Promise<readonly Load[]>;
  /** Opened at the first use. */
  readonly store: () => MetricsStore;
  readonly services: () => readonly string[];
  readonly clock: Clock;
}

/** Samples this worker's Traefik and Docker. */
export function openSampler(
  { state, config, clock, engineSocket }: ToolParts,
  {
    router,
    ...parts
  }: Pick<SamplerParts, "readings" | "meter" | "traffic"> & {
    readonly router: Pick<TraefikRouter, "state">;
  },
): Sampler {
  let loads: (() => Promise<readonly Load[]>) | undefined;
  let store: MetricsStore | undefined;
  return createSampler({
    ...parts,
    clock,
    serviceOf: routerOwners(router.state),
    services: () => serviceNames(state),
    store: () => (store ??= openMetricsStore(instancePaths(config).metrics)),
    loads: async () => {
      const { createLoads } = await import("../../adapters/engines/docker/loads.ts");
      loads ??= createLoads({ instance: config.instance, socketPath: engineSocket });
      return loads();
    },
  });
}

export function createSampler(
  parts: SamplerParts,
): Sampler & { readonly sample: () => Promise<void> } {
  const sampler = new Sampling(parts);
  const stopped = new AbortController();
  parts.readings.listen((text) => sampler.hear(text));
  return {
    start: () => void sampler.run(stopped.signal),
    stop: () => {
      stopped.abort();
      sampler.close();
    },
    read: (wanted) => sampler.read(wanted),
    totals: (service) => sampler.totals(service),
    fineSince: () => sampler.fineSince(),
    sample: () => sampler.sample(),
  };
}

class Sampling {
  readonly #parts: SamplerParts;
  readonly #works = new WorkCounter();
  /** Answers that no sample has yet. */
  #traffic = new Map<string, Traffic>();
  /** Samples of the last minutes, by time. */
  #recent: ServicePoint[] = [];
  /** Samples of the minute that is not stored yet. */
  #minute: ServicePoint[] = [];
  #totals = new Map<string, Totals>();
  #begun: number | undefined;
  #skipped = 0;
  #forgot = 0;
  #isClosed = false;

  constructor(parts: SamplerParts) {
    this.#parts = parts;
  }

  /** Samples at each full ten seconds. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, readings } = this.#parts;
    // From here on Traefik's counts are counted.
    await readings.read();
    while (!signal.aborted) {
      await clock.sleep(sampleMs - (clock.now() % sampleMs), signal).catch(() => undefined);
      if (signal.aborted) return;
      // What fails now is not worth more than a gap.
      await this.sample().catch(() => undefined);
    }
  }

  /** Adds the answers since the last reading, whoever asked for this one. */
  hear(text: string | undefined): void {
    if (text === undefined) return;
    const { traffic, serviceOf } = this.#parts;
    const grown = traffic.take({ started: startOf(text), times: readTimes(text) }, serviceOf);
    for (const [service, more] of grown)
      this.#traffic.set(service, addTraffic(this.#traffic.get(service) ?? noTraffic, more));
  }

  async sample(): Promise<void> {
    const { readings, meter, clock, loads } = this.#parts;
    this.#skipped = meter.isCounting() && this.#skipped < skippedAtMost ? this.#skipped + 1 : 0;
    if (this.#skipped === 0) await readings.read();
    // While Docker is away, requests are counted all the same.
    const works = await loads().then(
      (seen) => this.#works.take(seen),
      () => new Map<string, Work>(),
    );
    if (this.#isClosed) return;
    // It tells of the time before it.
    const at = spanOf(clock.now() - sampleMs / 2, sampleMs);
    this.#begun ??= at;
    const names = new Set([...this.#traffic.keys(), ...works.keys()]);
    const samples = [...names].map((service): ServicePoint => {
      const { cpu = 0, memory = 0 } = works.get(service) ?? {};
      return { service, at, ...(this.#traffic.get(service) ?? noTraffic), cpu, memory };
    });
    this.#traffic = new Map();
    this.#addUp(samples, works);
    this.#keep(samples, at);
  }

  #addUp(samples: readonly ServicePoint[], works: ReadonlyMap<string, Work>): void {
    const all = new Map<string, Totals>();
    for (const [service, totals] of this.#totals)
      all.set(service, { ...totals, memory: 0, replicas: 0 });
    for (const { service, cpu, ...sample } of samples) {
      const known = all.get(service) ?? noTotals;
      const { memory = 0, replicas = 0 } = works.get(service) ?? {};
      all.set(service, { ...addTraffic(known, sample), cpu: known.cpu + cpu, memory, replicas });
    }
    this.#totals = all;
  }

  totals(service: string): Totals {
    return this.#totals.get(service) ?? noTotals;
  }

  fineSince(): number {
    const now = this.#parts.clock.now();
    return Math.max(this.#begun ?? now, now - recentMs);
  }

  #keep(samples: readonly ServicePoint[], at: number): void {
    const [first] = this.#minute;
    if (first !== undefined && spanOf(first.at, minuteMs) !== spanOf(at, minuteMs)) this.flush();
    this.#minute.push(...samples);
    // Also those of a clock that was ahead.
    const isRecent = (one: ServicePoint) => Math.abs(at - one.at) < recentMs;
    this.#recent = [...this.#recent.filter(isRecent), ...samples];
    if (Math.abs(at - this.#forgot) < forgetMs) return;
    this.#forgot = at;
    const services = this.#parts.services();
    this.#parts.store().forget(services);
    for (const name of this.#totals.keys()) if (!services.includes(name)) this.#totals.delete(name);
  }

  /** Stores the minute; a disk without room loses it. */
  flush(): void {
    const minute = byService(this.#minute, minuteMs);
    this.#minute = [];
    if (minute.length > 0) this.#parts.store().add(minute);
  }

  read(wanted: Parameters<MetricsStore["read"]>[0]): readonly ServicePoint[] {
    const { services, stepMs, from, to } = wanted;
    const isWanted = ({ service, at }: ServicePoint) =>
      services.includes(service) && at >= from && at < to;
    const isFine = stepMs < minuteMs;
    const points = isFine ? this.#recent : [...this.#parts.store().read(wanted), ...this.#minute];
    return byService(points.filter(isWanted), stepMs);
  }

  close(): void {
    this.#isClosed = true;
    try {
      this.flush();
      this.#parts.store().close();
    } catch {
      // The disk takes nothing; the last minute is lost.
    }
  }
}

const noTotals: Totals = { ...noTraffic, cpu: 0, memory: 0, replicas: 0 };

/** The points of each service in spans of that length, by service and time. */
function byService(points: readonly ServicePoint[], stepMs: number): readonly ServicePoint[] {
  const all = Map.groupBy(points, ({ service }) => service);
  return [...all].flatMap(([service, own]) =>
    regroup(own, stepMs).map((point) => ({ ...point, service })),
  );
}
