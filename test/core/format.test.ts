import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatDuration } from "../../src/core/format.ts";

const bytes: readonly [number, string][] = [
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [3449, "3.4 kB"],
  [99_960, "100 kB"],
  [999_600, "1 MB"],
  [12_000_000, "12 MB"],
  [4e9, "4 GB"],
  [7.25e15, "7250 TB"],
];
for (const [value, text] of bytes)
  test(`${value} bytes read ${text}`, () => assert.equal(formatBytes(value), text));

const durations: readonly [number, string][] = [
  [0, "0 ms"],
  [84.6, "85 ms"],
  [1000, "1 s"],
  [1849, "1.8 s"],
  [59_949, "59.9 s"],
  [59_951, "1 min"],
  [125_000, "2 min 5 s"],
];
for (const [value, text] of durations)
  test(`${value} ms read ${text}`, () => assert.equal(formatDuration(value), text));
