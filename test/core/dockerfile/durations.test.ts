import assert from "node:assert/strict";
import { test } from "node:test";
import { readDuration, writeDuration } from "../../../src/core/dockerfile/durations.ts";

test("a duration is read in every unit, and written without days", () => {
  const cases = [
    ["500ms", 500, "500ms"],
    ["1.5s", 1500, "1500ms"],
    ["2m", 120_000, "2m"],
    ["1h", 3_600_000, "1h"],
    ["7D", 604_800_000, "168h"],
  ] as const;
  for (const [text, ms, written] of cases) {
    assert.deepEqual(readDuration(text, 0, 604_800_000), { value: ms });
    assert.equal(writeDuration(ms), written);
  }
});
