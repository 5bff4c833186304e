import assert from "node:assert/strict";
import { test } from "node:test";
import {
  warnBeforeMs,
  nextAllowedRequest,
  nextCheck,
  nextTry,
} from "../../../src/core/certificates/schedule.ts";

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const now = Date.UTC(2026, 10, 21, 12);

test("a failed attempt is repeated after 15 min, 1 h, 4 h, then daily", () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 0],
    [1, 15 * minute],
    [2, hour],
    [3, 4 * hour],
    [4, day],
    [5, day],
    [100, day],
  ];
  for (const [failures, wait] of cases)
    assert.equal(nextTry({ failures, asks: [now] }, now) - now, wait, String(failures));
});

test("there are at most four requests in any hour", () => {
  const cases: readonly (readonly [string, readonly number[], number])[] = [
    ["none", [], 0],
    ["three", [0, -1, -2], 0],
    ["four", [0, -10, -20, -30], 30],
    ["four, in any order", [-30, 0, -20, -10], 30],
    ["five", [0, -10, -20, -30, -40], 30],
    ["four, one of them an hour ago", [0, -10, -20, -60], 0],
    ["four, one of them a little less", [0, -10, -20, -59], 1],
    ["from a clock that was put back", [5000, 5001, 5002, 5003], 60],
  ];
  for (const [title, minutes, wait] of cases) {
    const asks = minutes.map((at) => now + at * minute);
    assert.equal((nextAllowedRequest(asks, now) - now) / minute, wait, title);
  }
  const asks = [now, now, now, now];
  assert.equal(nextTry({ failures: 1, asks }, now) - now, hour);
  assert.equal(nextTry({ failures: 3, asks }, now) - now, 4 * hour);
});

test("a waiting host is checked every 20 s for five minutes, every minute for half an hour, then every ten minutes", () => {
  const cases: readonly (readonly [number, number])[] = [
    [0, 20],
    [4.9, 20],
    [5, 60],
    [29, 60],
    [30, 600],
    [600, 600],
  ];
  for (const [waited, seconds] of cases)
    assert.equal((nextCheck(now - waited * minute, now) - now) / 1000, seconds);
});

test("a certificate needs attention two weeks before its end, a short one in its last tenth", () => {
  const cases: readonly (readonly [number, number])[] = [
    [398, 14],
    [90, 14],
    [60, 14],
    [45, 4.5],
    [6, 0.6],
    [0, 0],
    [-3, 0],
  ];
  for (const [lifetime, expected] of cases)
    assert.equal(warnBeforeMs(now, now + lifetime * day) / day, expected, String(lifetime));
});
