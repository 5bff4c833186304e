import type { TimedCount } from "../routing/answer-times.ts";
import { addBuckets, codeClasses, noTraffic, type CodeClass, type Traffic } from "./point.ts";

/** A question of mypaas itself, which Traefik counts as one of a client. */
export interface OwnRequest {
  readonly service: string;
  readonly method: string;
  readonly status: number;
}

interface Reading {
  /** Start of Traefik: all its counts begin anew with it. */
  readonly started: number | undefined;
  readonly times: readonly TimedCount[];
}

/** One that no reading has shown is forgotten after so many: it was not counted, because it reached no route. */
const readingsToWait = 3;

/** Turns Traefik's counts since its start into what each service answered between two readings. */
export class TrafficCounter {
  #last: ReadonlyMap<string, readonly number[]> | undefined;
  #started: number | undefined;
  #own: { readonly request: OwnRequest; age: number }[] = [];

  /** A request of mypaas itself, to be left out of the next count. */
  leaveOut(request: OwnRequest): void {
    this.#own.push({ request, age: 0 });
  }

  /** Answers since the reading before, by service. The first reading is where the count begins. */
  take(
    { started, times }: Reading,
    serviceOf: (router: string) => string | undefined,
  ): ReadonlyMap<string, Traffic> {
    const before = started === this.#started ? this.#last : new Map<string, never>();
    const isFirst = this.#last === undefined;
    this.#started = started;
    this.#last = new Map(times.map(({ series, buckets }) => [series, buckets]));
    if (isFirst || before === undefined) {
      this.#own = [];
      return new Map();
    }
    const grown = times.flatMap((one) => {
      const codes = codeClasses[Math.floor(one.code / 100) - 2];
      const service = serviceOf(one.router);
      const buckets = grownBy(before.get(one.series), one.buckets);
      return codes === undefined || service === undefined || buckets.every((count) => count === 0)
        ? []
        : [{ service, codes, method: one.method, code: one.code, buckets }];
    });
    this.#withoutOwn(grown);
    return byService(grown);
  }

  /** Takes the own requests away where they are, from the quickest answers. */
  #withoutOwn(grown: readonly Grown[]): void {
    this.#own = this.#own.filter((own) => {
      const { service, method, status } = own.request;
      const counted = grown.find(
        (one) =>
          one.service === service &&
          one.method === method &&
          one.code === status &&
          one.buckets.some((count) => count > 0),
      );
      const at = counted?.buckets.findIndex((count) => count > 0);
      if (counted === undefined || at === undefined) return (own.age += 1) < readingsToWait;
      counted.buckets[at] = (counted.buckets[at] ?? 0) - 1;
      return false;
    });
  }
}

interface Grown {
  readonly service: string;
  readonly codes: CodeClass;
  readonly method: string;
  readonly code: number;
  readonly buckets: number[];
}

/** A count that has become smaller began anew with its router. */
function grownBy(before: readonly number[] | undefined, now: readonly number[]): number[] {
  const isSmaller = before?.some((count, at) => count > (now[at] ?? 0)) ?? true;
  return isSmaller ? [...now] : now.map((count, at) => count - (before?.[at] ?? 0));
}

function byService(grown: readonly Grown[]): ReadonlyMap<string, Traffic> {
  const all = new Map<string, Traffic>();
  for (const { service, codes, buckets } of grown) {
    const count = buckets.reduce((sum, one) => sum + one, 0);
    if (count === 0) continue;
    const known = all.get(service) ?? noTraffic;
    all.set(service, {
      sent: { ...known.sent, [codes]: known.sent[codes] + count },
      buckets: addBuckets(known.buckets, buckets),
    });
  }
  return all;
}
