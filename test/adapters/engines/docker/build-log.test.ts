import assert from "node:assert/strict";
import { test } from "node:test";
import { lineSplitter } from "../../../../src/adapters/engines/docker/build-log.ts";

function split(...pieces: readonly string[]): readonly string[] {
  const lines: string[] = [];
  const splitter = lineSplitter((line) => lines.push(line));
  for (const piece of pieces) splitter.write(Buffer.from(piece));
  splitter.flush();
  return lines;
}

test("a line is one line, however long it is and in however many pieces it comes", () => {
  const long = "x".repeat(50_000);
  assert.deepEqual(split("a\nb", "c\n"), ["a", "bc"]);
  assert.deepEqual(split(long, long, long, long, long, long, "\nnext\n"), [
    `${"x".repeat(2000)}…`,
    "next",
  ]);
  assert.deepEqual(split("a\n", long.repeat(3)), ["a", `${"x".repeat(2000)}…`]);
});

test("of a line that is redrawn the last state counts, however often it is redrawn", () => {
  const drawn = Array.from({ length: 30_000 }, (_, at) => `${at} %\r`);
  assert.deepEqual(split(...drawn, "done\n"), ["done"]);
  assert.deepEqual(split(drawn.join("")), ["29999 %"]);
});
