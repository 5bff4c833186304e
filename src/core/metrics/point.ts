/** Upper ends of the classes of answer times, in milliseconds; one more class is above the last. Traefik counts with the same ones. */
export const bucketsMs = [5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000] as const;

export const codeClasses = ["2xx", "3xx", "4xx", "5xx"] as const;

export type CodeClass = (typeof codeClasses)[number];

/** What one service did and used in some time. */
export interface Done {
  /** Answers to clients. Connections that became WebSockets are not counted, because they last. */
  readonly sent: Readonly<Record<CodeClass, number>>;
  /** Answers by time, one for each of `bucketsMs` and one for what took longer; empty where there was no request. */
  readonly buckets: readonly number[];
  /** Seconds of one core that its replicas used. */
  readonly cpu: number;
  /** Bytes of all its replicas together, the most at one time. */
  readonly memory: number;
}

/** The same in one span of time. */
export interface Point extends Done {
  /** When the span begins, milliseconds since the epoch. */
  readonly at: number;
}

/** A point where nothing happened. */
export const emptyPoint = (at: number): Point => ({ at, ...noTraffic, cpu: 0, memory: 0 });

/** What a service answered. */
export type Traffic = Pick<Point, "sent" | "buckets">;

export const noTraffic: Traffic = { sent: { "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 }, buckets: [] };

/** Both together. */
export const addTraffic = (one: Traffic, other: Traffic): Traffic => ({
  sent: {
    "2xx": one.sent["2xx"] + other.sent["2xx"],
    "3xx": one.sent["3xx"] + other.sent["3xx"],
    "4xx": one.sent["4xx"] + other.sent["4xx"],
    "5xx": one.sent["5xx"] + other.sent["5xx"],
  },
  buckets: addBuckets(one.buckets, other.buckets),
});

/** Both together, with the time of the first. */
export const addPoints = (one: Point, other: Point): Point => ({
  at: one.at,
  ...addTraffic(one, other),
  cpu: one.cpu + other.cpu,
  memory: Math.max(one.memory, other.memory),
});

export function addBuckets(one: readonly number[], other: readonly number[]): readonly number[] {
  if (one.length === 0) return other;
  return other.length === 0 ? one : one.map((count, at) => count + (other[at] ?? 0));
}

/** Begin of the span of that length in which a moment lies. */
export const spanOf = (at: number, stepMs: number): number => Math.floor(at / stepMs) * stepMs;

/** The same points in longer spans, by time. */
export function regroup(points: Iterable<Point>, stepMs: number): readonly Point[] {
  const spans = new Map<number, Point>();
  for (const point of points) {
    const at = spanOf(point.at, stepMs);
    const known = spans.get(at);
    spans.set(at, known === undefined ? { ...point, at } : addPoints(known, point));
  }
  return [...spans.values()].toSorted((a, b) => a.at - b.at);
}

export const requestsOf = ({ sent }: Pick<Point, "sent">): number =>
  sent["2xx"] + sent["3xx"] + sent["4xx"] + sent["5xx"];

/** The time within which this share of the answers came, in milliseconds, as far as the classes tell; undefined without a request. What took longer than the last end counts as that. */
export function quantile(
  buckets: readonly number[],
  share: number,
  ends: readonly number[] = bucketsMs,
): number | undefined {
  const total = buckets.reduce((sum, count) => sum + count, 0);
  if (total === 0) return undefined;
  const wanted = share * total;
  let below = 0;
  for (const [at, count] of buckets.entries()) {
    const [from, to] = [ends[at - 1] ?? 0, ends[at]];
    if (to === undefined) return from;
    if (count > 0 && below + count >= wanted)
      return from + ((wanted - below) / count) * (to - from);
    below += count;
  }
  return ends.at(-1);
}
