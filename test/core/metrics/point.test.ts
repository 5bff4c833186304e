import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addPoints,
  bucketsMs,
  emptyPoint,
  quantile,
  regroup,
  type Point,
} from "../../../src/core/metrics/point.ts";
import { prometheusText } from "../../../src/core/metrics/prometheus.ts";
import { summarise } from "../../../src/core/metrics/summary.ts";
import { readPoint, writePoint } from "../../../src/core/stored/points.ts";

const buckets = (...first: readonly number[]): readonly number[] =>
  Array.from({ length: bucketsMs.length + 1 }, (_, at) => first[at] ?? 0);
const asked = (at: number, count: number): Point => ({
  at,
  sent: { "2xx": count, "3xx": 0, "4xx": 1, "5xx": 2 },
  buckets: buckets(count, 0, 3),
  cpu: 1.5,
  memory: 1024 * count,
});

for (const [counts, share, ms] of [
  [[], 0.5, undefined],
  [[0, 0, 0], 0.5, undefined],
  [[10], 0.5, 2.5],
  [[10], 1, 5],
  [[0, 0, 100], 0.5, 17.5],
  [[95, 5], 0.95, 5],
  [[90, 0, 0, 0, 10], 0.95, 75],
  [[1, ...Array.from({ length: 11 }, () => 0), 9], 0.95, 30_000],
] as const)
  test(`of ${JSON.stringify(counts)}, ${share} came within ${ms} ms`, () => {
    assert.equal(quantile(counts, share), ms);
  });

test("longer spans have the sums of their points, and the most memory", () => {
  const [one, two] = [asked(60_000, 5), asked(110_000, 7)];
  const [first, second, ...more] = regroup([two, one, asked(120_000, 1)], 60_000);
  assert.deepEqual(more, []);
  assert.deepEqual(first, { ...addPoints(one, two), at: 60_000 });
  assert.equal(first?.sent["2xx"], 12);
  assert.equal(first?.memory, 7 * 1024);
  assert.equal(first?.cpu, 3);
  assert.equal(second?.at, 120_000);
});

test("a stored point reads as it was written; a quiet one takes a few bytes", () => {
  const quiet = { ...emptyPoint(7), memory: 30 * 1024 * 1024, cpu: 0.012 };
  assert.equal(writePoint(quiet).length, 5);
  const busy = {
    ...asked(7, 1_000_000),
    buckets: buckets(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
  };
  for (const point of [quiet, busy, asked(7, 3), emptyPoint(7)])
    assert.deepEqual(readPoint(writePoint(point), 7), point);
});

test("bytes of another version, and damaged ones, are no point", () => {
  const bytes = writePoint(asked(7, 300));
  assert.equal(readPoint(Uint8Array.from([2, ...bytes.slice(1)]), 7), undefined);
  assert.equal(readPoint(bytes.slice(0, 2), 7), undefined);
  assert.equal(readPoint(Uint8Array.from([...bytes, 200]), 7), undefined);
  assert.equal(readPoint(Uint8Array.from([]), 7), undefined);
});

test("a summary says nothing of times where there was no request, and of memory where nothing runs now", () => {
  const quiet = (at: number) => ({ ...emptyPoint(at), cpu: 6, memory: 5 });
  const minute = { step: 60, now: 120_000 };
  assert.deepEqual(summarise([quiet(0), quiet(60_000)], minute), {
    requests: 0,
    refused: 0,
    failed: 0,
    p50: undefined,
    p95: undefined,
    cpu: 0.1,
    memory: 5,
  });
  assert.equal(summarise([quiet(0)], { step: 60, now: 600_000 }).memory, undefined);
  assert.equal(summarise([quiet(60_000)], { step: 60, now: 90_000 }).cpu, 0.2);
  assert.equal(summarise([], minute).cpu, undefined);
  const { requests, refused, failed } = summarise([asked(0, 4), asked(60_000, 2)], minute);
  assert.deepEqual([requests, refused, failed], [12, 2, 4]);
});

test("Prometheus gets sums, classes with those below them, and escaped names", () => {
  const totals = { ...asked(0, 4), replicas: 2 };
  const text = prometheusText([{ service: 'a"b', totals }]);
  assert.deepEqual(
    text
      .split("\n")
      .filter((line) => /code=|le="0.0(1|25)"|Inf|_count|cpu|memory|replicas/.test(line)),
    [
      'mypaas_requests_total{service="a\\"b",code="2xx"} 4',
      'mypaas_requests_total{service="a\\"b",code="3xx"} 0',
      'mypaas_requests_total{service="a\\"b",code="4xx"} 1',
      'mypaas_requests_total{service="a\\"b",code="5xx"} 2',
      'mypaas_request_duration_seconds_bucket{service="a\\"b",le="0.01"} 4',
      'mypaas_request_duration_seconds_bucket{service="a\\"b",le="0.025"} 7',
      'mypaas_request_duration_seconds_bucket{service="a\\"b",le="+Inf"} 7',
      'mypaas_request_duration_seconds_count{service="a\\"b"} 7',
      "# HELP mypaas_cpu_seconds_total Time of one core that replicas used.",
      "# TYPE mypaas_cpu_seconds_total counter",
      'mypaas_cpu_seconds_total{service="a\\"b"} 1.5',
      "# HELP mypaas_memory_bytes Memory of all replicas, without file caches.",
      "# TYPE mypaas_memory_bytes gauge",
      'mypaas_memory_bytes{service="a\\"b"} 4096',
      "# HELP mypaas_replicas Replicas that run.",
      "# TYPE mypaas_replicas gauge",
      'mypaas_replicas{service="a\\"b"} 2',
    ],
  );
  assert.ok(text.endsWith("\n"));
});
