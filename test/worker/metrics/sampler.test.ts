import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { keptSpans, openMetricsStore } from "../../../src/adapters/metrics-store.ts";
import { emptyPoint, requestsOf } from "../../../src/core/metrics/point.ts";
import { TrafficCounter } from "../../../src/core/metrics/traffic.ts";
import type { Load } from "../../../src/core/metrics/work.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { chooseStep, metricsAnswer } from "../../../src/worker/metrics/answer.ts";
import { createSampler } from "../../../src/worker/metrics/sampler.ts";
import { refusal, scratch, scratchState } from "../../support/worker.ts";

/** Traefik's lines: answers of a router so far, below 5 ms and between 25 and 50 ms. */
const lines = (
  router: string,
  code: number,
  [quick, slow]: readonly [number, number],
  method = "GET",
) =>
  [
    ["0.005", quick],
    ["0.025", quick],
    ["0.05", quick + slow],
    ["+Inf", quick + slow],
  ]
    .map(
      ([le, count]) =>
        `traefik_router_request_duration_seconds_bucket{code="${code}",method="${method}",protocol="http",router="${router}@docker",service="${router}@docker",le="${le}"} ${count}\n`,
    )
    .join("");

const day = Date.UTC(2026, 10, 28, 12);

function open(t: TestContext, file = `${scratch(t)}/metrics.db`) {
  let now = day;
  let text = "";
  let isCounting = false;
  let loads: readonly Load[] = [];
  const listeners: ((text: string | undefined) => void)[] = [];
  const traffic = new TrafficCounter();
  const store = openMetricsStore(file);
  let asked = 0;
  const sampler = createSampler({
    readings: {
      read: async () => {
        asked += 1;
        for (const listener of listeners) listener(text);
        return text;
      },
      listen: (listener) => void listeners.push(listener),
    },
    meter: { isCounting: () => isCounting },
    traffic,
    serviceOf: (router) => /^(web|api)-r/.exec(router)?.[1],
    loads: async () => loads,
    store: () => store,
    services: () => ["web", "api"],
    clock: { now: () => now, sleep: async () => {} },
  });
  const read = (stepMs = 10_000) =>
    sampler.read({ services: ["web", "api"], stepMs, from: 0, to: Infinity });
  return {
    sampler,
    traffic,
    store,
    file,
    read,
    asked: () => asked,
    now: () => now,
    counting: (value: boolean) => (isCounting = value),
    uses: (...all: readonly Load[]) => (loads = all),
    jump: (ms: number) => (now += ms),
    /** A sample after so much time, of a Traefik that shows this. */
    shows: async (shown: string, { ms = 10_000, started = 1 } = {}) => {
      now += ms;
      text = `process_start_time_seconds ${started}\n${shown}`;
      await sampler.sample();
    },
    counts: () => read().map((one) => `${one.service} ${requestsOf(one)}`),
  };
}

test("answers are counted from the first reading on, by service, class and time", async (t) => {
  const world = open(t);
  await world.shows(lines("web-r1-1", 200, [100, 5]));
  assert.deepEqual(world.read(), []);
  await world.shows(
    lines("web-r1-1", 200, [103, 6]) + lines("web-r1-1", 404, [2, 0]) + lines("dash", 200, [9, 9]),
  );
  assert.deepEqual(world.read(), [
    {
      service: "web",
      at: day + 10_000,
      sent: { "2xx": 4, "3xx": 0, "4xx": 2, "5xx": 0 },
      buckets: [5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0],
      cpu: 0,
      memory: 0,
    },
  ]);
});

test("a router that is gone, a router that begins anew and a Traefik that was restarted lose no count", async (t) => {
  const world = open(t);
  await world.shows(lines("web-r1-1", 200, [100, 0]));
  await world.shows(lines("web-r1-1", 200, [103, 0]) + lines("web-r2-1", 200, [4, 0]));
  await world.shows(lines("web-r2-1", 200, [9, 0]));
  await world.shows(lines("web-r2-1", 200, [2, 0]));
  // The new Traefik has more than the old one had: only its start tells.
  await world.shows(lines("web-r2-1", 200, [50, 0]), { started: 2 });
  assert.deepEqual(world.counts(), ["web 7", "web 5", "web 2", "web 50"]);
});

test("questions of mypaas itself are left out, also when Traefik shows them later, and others are not", async (t) => {
  const world = open(t);
  const own = (status: number) =>
    world.traffic.leaveOut({ service: "web", method: "HEAD", status });
  await world.shows("");
  own(200);
  own(404);
  await world.shows(lines("web-r1-1", 200, [5, 0]) + lines("web-r1-1", 200, [1, 1], "HEAD"));
  own(200);
  await world.shows(lines("web-r1-1", 200, [5, 0]) + lines("web-r1-1", 200, [1, 1], "HEAD"));
  await world.shows(lines("web-r1-1", 200, [6, 0]) + lines("web-r1-1", 200, [2, 1], "HEAD"));
  assert.deepEqual(world.counts(), ["web 6", "web 1"]);
});

test("a reading of a switch counts, and while one counts the sampler reads no more than once a minute", async (t) => {
  const world = open(t);
  await world.shows("");
  world.counting(true);
  for (let n = 1; n <= 7; n += 1) await world.shows(lines("web-r1-1", 200, [n, 0]));
  assert.equal(world.asked(), 2);
  assert.deepEqual(world.counts(), ["web 7"]);
});

test("CPU and memory are those of all replicas, and a container that starts again counts from 0", async (t) => {
  const world = open(t);
  const load = (id: string, cpuMs: number, memoryBytes: number) => ({
    id,
    service: "web",
    cpuMs,
    memoryBytes,
  });
  world.uses(load("a", 5000, 1024));
  await world.shows("");
  world.uses(load("a", 6000, 1024), load("b", 500, 2048));
  await world.shows("");
  world.uses(load("b", 200, 4096));
  await world.shows("");
  assert.deepEqual(
    world.read().map(({ cpu, memory }) => [cpu, memory]),
    [
      [0, 1024],
      [1.5, 3072],
      [0.2, 4096],
    ],
  );
  assert.deepEqual(world.sampler.totals("web"), {
    sent: { "2xx": 0, "3xx": 0, "4xx": 0, "5xx": 0 },
    buckets: [],
    cpu: 1.7,
    memory: 4096,
    replicas: 1,
  });
});

test("minutes and quarters of an hour hold what the samples held, and outlive the worker", async (t) => {
  const world = open(t);
  for (let n = 0; n <= 13; n += 1) await world.shows(lines("web-r1-1", 200, [n, 0]));
  const minutes = (read: typeof world.read) => read(60_000).map(requestsOf);
  assert.deepEqual(minutes(world.read), [5, 6, 2]);
  world.sampler.stop();
  const again = open(t, world.file);
  assert.deepEqual(minutes(again.read), [5, 6, 2]);
  assert.deepEqual(again.read(900_000).map(requestsOf), [13]);
  assert.deepEqual(again.read(), []);
});

test("a clock that jumps loses nothing and counts nothing twice", async (t) => {
  const world = open(t);
  await world.shows("");
  await world.shows(lines("web-r1-1", 200, [1, 0]));
  await world.shows(lines("web-r1-1", 200, [3, 0]), { ms: -40_000 });
  await world.shows(lines("web-r1-1", 200, [7, 0]), { ms: 3 * 86_400_000 });
  await world.shows(lines("web-r1-1", 200, [15, 0]), { ms: -3 * 86_400_000 });
  assert.equal(
    world.read(60_000).reduce((sum, one) => sum + requestsOf(one), 0),
    15,
  );
});

test("the file forgets services that are gone, and keeps so many spans of the others", (t) => {
  const file = `${scratch(t)}/metrics.db`;
  const store = openMetricsStore(file);
  const names = Array.from({ length: 5 }, (_, at) => `service-${at}`);
  const [{ kept }] = keptSpans;
  for (let minute = 0; minute < kept + 100; minute += 1)
    store.add(
      names.map((service) => ({ ...emptyPoint(day + minute * 60_000), service, memory: 1 })),
    );
  store.forget(names.slice(1));
  const read = (services: readonly string[]) =>
    store.read({ services, stepMs: 60_000, from: 0, to: Infinity });
  assert.equal(read(names.slice(0, 1)).length, 0);
  assert.equal(read(names.slice(1, 2)).length, kept);
  store.close();
});

test("a damaged file is begun anew", (t) => {
  const file = `${scratch(t)}/metrics.db`;
  writeFileSync(file, "this is no database, and long enough to be looked at by SQLite".repeat(20));
  const store = openMetricsStore(file);
  store.add([{ ...emptyPoint(day), service: "web" }]);
  assert.equal(store.read({ services: ["web"], stepMs: 60_000, from: 0, to: Infinity }).length, 1);
  store.close();
});

for (const [lengthMs, services, wantedMs, base, step] of [
  [600_000, 1, 0, 10, 10],
  [900_000, 100, 0, 10, 20],
  [3_600_000, 1, 0, 60, 60],
  [3_600_000, 200, 0, 60, 120],
  [86_400_000, 1, 0, 60, 60],
  [86_400_000, 20, 0, 60, 300],
  [86_400_000, 100, 0, 900, 1800],
  [30 * 86_400_000, 1, 0, 900, 900],
  [600_000, 1, 60_000, 60, 60],
  [3_600_000, 1, 10_000, 60, 60],
] as const)
  test(`${lengthMs / 60_000} min of ${services} services come in spans of ${step} s`, () => {
    assert.deepEqual(chooseStep({ lengthMs, fineMs: 900_000, services, wantedMs }), {
      baseMs: base * 1000,
      stepMs: step * 1000,
    });
  });

test("the answer holds the services that the key may see, and refuses one that is not known", async (t) => {
  const world = open(t);
  const state = scratchState(t);
  for (const name of ["api", "web"]) ensureService(state, { name, slug: name, now: 0 });
  await world.shows("");
  await world.shows(lines("web-r1-1", 200, [4, 0]));
  const ask = (asked: Parameters<typeof metricsAnswer>[1]) =>
    metricsAnswer({ state, now: world.now, sampler: world.sampler }, asked, "root");
  const { step, from, to, services } = ask({});
  assert.deepEqual([step, to - from], [60, 3_600_000]);
  assert.deepEqual(
    services.map(({ service, points }) => [service, points.map(requestsOf)]),
    [
      ["api", []],
      ["web", [4]],
    ],
  );
  assert.equal(ask({ sinceMs: 10_000 }).step, 10);
  // Of the time before the worker started there are minutes only.
  assert.equal(ask({ sinceMs: 60_000 }).step, 60);
  assert.equal(ask({ from: 0 }).step, 900);
  assert.equal(ask({ from: 1e15 }).services.length, 2);
  assert.match(await refusal(() => ask({ service: "nope" })), /^service nope: not known here/);
});
