import assert from "node:assert/strict";
import { test } from "node:test";
import { renderAllStats, renderStats } from "../../../src/cli/output/render-stats.ts";
import type { MetricsAnswer } from "../../../src/core/actions/usage.ts";
import { chart, sparkline } from "../../../src/core/metrics/chart.ts";
import { bucketsMs, emptyPoint, type Point } from "../../../src/core/metrics/point.ts";

const same = (text: string) => text;
const theme = { failed: (text: string) => `<${text}>`, live: same, warning: same, dim: same };
const minute = 60_000;
const now = 60 * minute;
const totals = { ...emptyPoint(0), replicas: 1 };

const busy = (at: number, count: number, failed = 0): Point => ({
  at: at * minute,
  sent: { "2xx": count, "3xx": 0, "4xx": 0, "5xx": failed },
  buckets: [count + failed, ...Array.from({ length: bucketsMs.length }, () => 0)],
  cpu: 6,
  memory: 50_000_000,
});
const quiet = (at: number): Point => ({ ...emptyPoint(at * minute), cpu: 0.6, memory: 10_000_000 });

const answer = (...services: readonly (readonly [string, readonly Point[]])[]): MetricsAnswer => ({
  step: 60,
  from: 0,
  to: now - minute,
  now,
  bucketsMs,
  services: services.map(([service, points]) => ({ service, points, totals })),
});
const hour = Array.from({ length: 60 }, (_, at) => at);

test("all services have a line, with a curve where the terminal has room", () => {
  const all = answer(
    ["web", hour.map((at) => busy(at, at < 30 ? 10 : 80, at === 59 ? 3 : 0))],
    ["worker", hour.map(quiet)],
    ["gone", []],
  );
  assert.equal(
    renderAllStats(all, { columns: 80, theme }),
    `
service  last 1 h                  requests   p50   p95   4xx  5xx  cpu   memory
web      ▁▁▁▁▁▁▁▁▁▁▁▁████████████  2703       3 ms  5 ms  0    <3>  10 %  50 MB
worker                             not asked                        1 %   10 MB
gone                               not asked
`.trim(),
  );
  const narrow = renderAllStats(all, { columns: 40, theme });
  assert.match(narrow, /^service  requests /);
  assert.equal(renderAllStats(answer(), { columns: 80, theme }), "no services yet");
});

test("one service has charts that are as wide as the terminal, with its releases", () => {
  const all = answer(["web", hour.map((at) => busy(at, at < 30 ? 60 : 600, at === 10 ? 6 : 0))]);
  const job = { kind: "push", state: "done", by: "ann", at: 0 } as const;
  const jobs = [
    { ...job, job: 1, release: 41, endedAt: 30 * minute },
    { ...job, job: 2, release: 42, endedAt: 50 * minute },
    { ...job, job: 3, state: "failed", endedAt: 20 * minute } as const,
  ];
  const [own] = all.services;
  assert.ok(own !== undefined);
  const text = renderStats(all, own, jobs, { columns: 40, theme });
  assert.ok(text.split("\n").every((line) => line.replaceAll(/[<>]/g, "").length <= 40));
  assert.equal(
    text,
    `
web, last 1 h: 19806 requests,
0 with 4xx, 6 with 5xx,
half within 3 ms, 95 % within 5 ms
`.trim() + text.slice(text.indexOf("\nrequests a second")),
  );
  assert.match(text, /\nrequests a second\n +10 +█+\n/);
  assert.match(text, /\nanswered with 5xx\n +6 < {5}█ +>\n/);
  assert.match(text, /\n release +\^41 +\^42\n/);
  assert.match(text, /\n +1 h ago +now$/);
});

test("of releases that follow at once the newest is named", () => {
  const all = answer(["web", hour.map(quiet)]);
  const [own] = all.services;
  assert.ok(own !== undefined);
  const job = { kind: "push", state: "done", by: "ann", at: 0 } as const;
  const jobs = [20, 57, 58, 59].map((at, index) => ({
    ...job,
    job: index,
    release: 41 + index,
    endedAt: at * minute,
  }));
  const text = renderStats(all, own, jobs, { columns: 40, theme });
  assert.match(text, /\n release +\^41 +\^44\n/);
});

test("a service that was not asked says so, and one that did not run as well", () => {
  const all = answer(["web", hour.map(quiet)], ["gone", []]);
  const [web, gone] = all.services;
  assert.ok(web !== undefined && gone !== undefined);
  const text = renderStats(all, web, [], { columns: 60, theme });
  assert.match(text, /^web, last 1 h: not asked\ncpu\n/);
  assert.doesNotMatch(text, /answered|release/);
  assert.match(renderStats(all, gone, [], { columns: 60, theme }), /nothing ran in this time$/);
});

test("curves show whatever there is, and nothing where there is nothing", () => {
  assert.equal(sparkline([undefined, 0, 1, 50, 100]), " ▁▁▄█");
  assert.equal(sparkline([0, 0]), "▁▁");
  assert.deepEqual(chart([16, 8, 1, undefined], 2), ["█   ", "██▁ "]);
});
