import { addBuckets, bucketsMs, quantile, requestsOf, type Point } from "./point.ts";

/** What a service did in the whole time of some points. */
export interface Summary {
  readonly requests: number;
  /** Answered with 4xx, and with 5xx. */
  readonly refused: number;
  readonly failed: number;
  /** Milliseconds; undefined without a request. */
  readonly p50: number | undefined;
  readonly p95: number | undefined;
  /** Cores, in the middle; undefined where nothing ran. */
  readonly cpu: number | undefined;
  /** Bytes, in the newest point; undefined where nothing runs. */
  readonly memory: number | undefined;
}

interface Span {
  /** Seconds. */
  readonly step: number;
  readonly now: number;
  readonly bucketsMs?: readonly number[];
}

export function summarise(points: readonly Point[], { step, now, bucketsMs: ends }: Span): Summary {
  const buckets = points.reduce<readonly number[]>((sum, one) => addBuckets(sum, one.buckets), []);
  const stepMs = step * 1000;
  const lengthMs = points.reduce((sum, { at }) => sum + Math.min(stepMs, Math.max(0, now - at)), 0);
  const used = points.reduce((sum, { cpu }) => sum + cpu, 0);
  const newest = points.at(-1);
  const isNow = newest !== undefined && now - newest.at < 2 * Math.max(stepMs, 30_000);
  return {
    requests: points.reduce((sum, one) => sum + requestsOf(one), 0),
    refused: points.reduce((sum, { sent }) => sum + sent["4xx"], 0),
    failed: points.reduce((sum, { sent }) => sum + sent["5xx"], 0),
    p50: quantile(buckets, 0.5, ends ?? bucketsMs),
    p95: quantile(buckets, 0.95, ends ?? bucketsMs),
    cpu:
      points.some(({ memory }) => memory > 0) && lengthMs > 0
        ? used / (lengthMs / 1000)
        : undefined,
    memory: isNow && newest.memory > 0 ? newest.memory : undefined,
  };
}
