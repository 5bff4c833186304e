import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addAll,
  answersSince,
  readMetrics,
  sumOf,
  switchRouters,
  type AnswerCount,
} from "../../../src/core/routing/metrics.ts";
import { release } from "../../support/releases.ts";

const line = (labels: string, value: string): string =>
  `traefik_router_requests_total{${labels}} ${value}\n`;
const usual =
  'code="200",method="GET",protocol="http",router="web-r1-1@docker",service="web-r1@docker"';

const lines: readonly [what: string, text: string, read: Partial<AnswerCount> | undefined][] = [
  ["a line of Traefik", line(usual, "412"), { router: "web-r1-1@docker", code: 200, value: 412 }],
  ["a large value", line(usual, "1.234567e+06"), { value: 1_234_567 }],
  ["a value with a time", line(usual, "7 1763731200000"), { value: 7 }],
  ["spaces and a comma at the end", line(' code = "503" , router="a", ', "1"), { code: 503 }],
  ["a carriage return", line('code="200",router="a"', "1\r"), { value: 1 }],
  [
    "escapes",
    line(String.raw`code="200",method="\"}\\\n",router="a\"} 9 \\b\nc"`, "3"),
    { router: 'a"} 9 \\b\nc', value: 3 },
  ],
  ["no end of line", line(usual, "5").trimEnd(), { value: 5 }],
  [
    "a place that was taken over",
    line('code="200",router="yield-old-r7-1@file",service="web-r1@docker"', "9"),
    { router: "taken by web-r1@docker", value: 9 },
  ],
  [
    "an attempt of a waiting request",
    line('code="502",service="wait-web-r2-1-next@file"', "8").replace("router", "service"),
    { router: "dials of waiting requests", code: 502, value: 8 },
  ],
  [
    "a service",
    line('code="200",service="web-r2@docker"', "8").replace("router", "service"),
    undefined,
  ],
  [
    "a service with such a name",
    line('code="200",service="wait-r2@docker"', "8").replace("router", "service"),
    undefined,
  ],
  ["no router", line('code="200"', "5"), undefined],
  ["no code", line('router="a"', "5"), undefined],
  ["a code that is no number", line('code="teapot",router="a"', "5"), undefined],
  ["no value", line(usual, ""), undefined],
  ["NaN", line(usual, "NaN"), undefined],
  ["infinity", line(usual, "+Inf"), undefined],
  ["a negative value", line(usual, "-1"), undefined],
  ["a label that never ends", 'traefik_router_requests_total{code="200",router="a\n', undefined],
  ["garbage after the labels", line('code="200",router="a",!', "5"), undefined],
  ["another metric", line(usual, "5").replace("requests", "requests_bytes"), undefined],
  ["the name inside a line", `# ${line(usual, "5")}`, undefined],
  ["nothing", "", undefined],
];

for (const [what, text, read] of lines)
  test(`metrics: ${what} is ${read === undefined ? "skipped" : "read"}`, () => {
    const { counts } = readMetrics(text);
    assert.equal(counts.length, read === undefined ? 0 : 1);
    if (read !== undefined) assert.deepEqual({ ...counts[0], ...read }, counts[0]);
  });

test("metrics: the start time of Traefik is read among other lines", () => {
  const text = `# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds 1.76373e+09\n${line(usual, "1")}`;
  assert.equal(readMetrics(text).started, 1_763_730_000);
  assert.equal(readMetrics("").started, undefined);
});

test("metrics: a file of many megabytes is read in one pass", () => {
  const other = 'go_gc_duration_seconds{quantile="0.25"} 4.1e-05\n'.repeat(100_000);
  const broken = 'traefik_router_requests_total{code="'.repeat(50_000);
  const { counts } = readMetrics(`${other}${broken}\n${line(usual, "9")}`);
  assert.deepEqual(
    counts.map(({ value }) => value),
    [9],
  );
});

const counted = (series: string, value: number): AnswerCount => {
  const [router = "", code] = series.split(" ");
  return { series, router, code: Number(code), value };
};

const readings: readonly [
  what: string,
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
  grown: Readonly<Record<string, readonly [requests: number, failed: number]>>,
][] = [
  ["what grew counts", { "a 200": 5 }, { "a 200": 7 }, { a: [2, 0] }],
  ["what did not grow does not", { "a 200": 5 }, { "a 200": 5 }, {}],
  ["what is new began at nothing", {}, { "a 200": 3 }, { a: [3, 0] }],
  ["what shrank began anew", { "a 200": 5 }, { "a 200": 2 }, { a: [2, 0] }],
  ["what is gone does not count", { "a 200": 5 }, {}, {}],
  [
    "502, 503 and 504 have failed, an app's own 500 and a client that left have not",
    {},
    { "a 200": 1, "a 404": 1, "a 499": 1, "a 500": 1, "a 502": 1, "a 503": 2, "b 504": 4 },
    { a: [7, 3], b: [4, 4] },
  ],
];

for (const [what, before, now, grown] of readings)
  test(`metrics between two readings: ${what}`, () => {
    const counts = Object.entries(now).map(([series, value]) => counted(series, value));
    const found = answersSince(new Map(Object.entries(before)), counts);
    const short = [...found].map(([name, { requests, failed }]) => [name, [requests, failed]]);
    assert.deepEqual(Object.fromEntries(short), grown);
  });

test("metrics: sums of several readings are added up for the routers asked for", () => {
  const one = new Map([["a", { requests: 2, failed: 1 }]]);
  const other = new Map([
    ["a", { requests: 3, failed: 0 }],
    ["b", { requests: 5, failed: 5 }],
  ]);
  const all = addAll(addAll(new Map(), one), other);
  assert.deepEqual(sumOf(all, new Set(["a"])), { requests: 5, failed: 1 });
  assert.deepEqual(sumOf(all, new Set(["a", "b", "c"])), { requests: 10, failed: 6 });
  assert.deepEqual(one.get("a"), { requests: 2, failed: 1 });
});

test("metrics: a switch has the routers of both releases and their substitutes, and none of a service with a similar name", () => {
  const from = release("web", 1, { routes: ["https://a.test"] });
  const to = release("web", 2, { routes: ["http://a.test", "http://b.test/x"] });
  const { own, holds } = switchRouters({ from, to }, { instance: "mypaas", httpsPort: 443 });
  assert.deepEqual([...holds].toSorted(), [
    "hold-web-r1-1-http@file",
    "hold-web-r1-1@file",
    "hold-web-r2-1@file",
    "hold-web-r2-2@file",
  ]);
  assert.deepEqual(
    [...own].toSorted(),
    [
      ...["web-r1-1-http", "web-r1-1", "web-r2-1", "web-r2-2"].flatMap((name) => [
        `${name}@docker`,
        `rest-${name}@file`,
        `https-${name}@file`,
        `left-${name}@file`,
      ]),
      "taken by web-r1@docker",
      "taken by web-r2@docker",
    ].toSorted(),
  );
  // Service `web-r2`, release 1.
  assert.equal(own.has("web-r2-r1-1@docker") || holds.has("hold-web-r2-r1-1@file"), false);
});
