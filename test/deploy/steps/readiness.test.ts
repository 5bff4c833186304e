import assert from "node:assert/strict";
import { test } from "node:test";
import type { Replica, ProbeAnswer } from "../../../src/deploy/ports.ts";
import { readinessOf } from "../../../src/deploy/steps/readiness.ts";

const running: Replica = {
  id: "1",
  name: "web-r1-1",
  service: "web",
  process: "web",
  release: 1,
  replica: 1,
  state: "running",
  exitCode: 0,
  oomKilled: false,
  error: "",
  health: undefined,
  address: "172.18.0.3",
  startedAt: 0,
};
const web = { port: 3000, imageHealthcheck: false };
const checked = { port: 3000, imageHealthcheck: true };
const worker = { port: undefined, imageHealthcheck: false };
const ready: ProbeAnswer = { kind: "ready" };

const cases: readonly [string, Parameters<typeof readinessOf>, ReturnType<typeof readinessOf>][] = [
  ["a connection is enough", [web, { replica: running, answer: ready, runningMs: 1 }], "ready"],
  [
    "no answer yet",
    [web, { replica: running, answer: { kind: "refused" }, runningMs: 1 }],
    "waiting",
  ],
  [
    "not started yet",
    [web, { replica: { ...running, state: "waiting" }, answer: undefined, runningMs: 1 }],
    "waiting",
  ],
  [
    "stopped",
    [web, { replica: { ...running, state: "ended" }, answer: ready, runningMs: 1 }],
    "ended",
  ],
  ["removed", [web, { replica: undefined, answer: ready, runningMs: 1 }], "ended"],
  [
    "Docker's verdict is out",
    [checked, { replica: { ...running, health: "starting" }, answer: ready, runningMs: 1 }],
    "waiting",
  ],
  [
    "the image's own check has failed as often as it may",
    [checked, { replica: { ...running, health: "unhealthy" }, answer: ready, runningMs: 1 }],
    "unhealthy",
  ],
  [
    "both agree",
    [checked, { replica: { ...running, health: "healthy" }, answer: ready, runningMs: 1 }],
    "ready",
  ],
  [
    "a process without a port is young",
    [worker, { replica: running, answer: undefined, runningMs: 1_999 }],
    "waiting",
  ],
  [
    "a process without a port has lived",
    [worker, { replica: running, answer: undefined, runningMs: 2_000 }],
    "ready",
  ],
];

for (const [title, args, expected] of cases) {
  test(`${title}: ${expected}`, () => assert.equal(readinessOf(...args), expected));
}
