import assert from "node:assert/strict";
import { test } from "node:test";
import { readLog } from "../../../../src/adapters/engines/docker/logs.ts";

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

const cases: readonly (readonly [string, Buffer, readonly string[]])[] = [
  ["nothing", Buffer.alloc(0), []],
  [
    "both streams by time",
    Buffer.concat([frame(1, "2026-01-01T00:00:02Z b\n"), frame(2, "2026-01-01T00:00:01Z a\n")]),
    ["a", "b"],
  ],
  [
    "a line in two pieces",
    Buffer.concat([frame(1, "T1 he"), frame(2, "T1 err\n"), frame(1, "T2 llo\n")]),
    ["hello", "err"],
  ],
  ["terminal controls", frame(1, "T1 a\u001b[2J\u001b]0;x\u0007b\r\n"), ["ab"]],
  [
    "a frame cut off",
    Buffer.concat([frame(1, "T1 a\n"), frame(1, "T2 b\n").subarray(0, 10)]),
    ["a"],
  ],
];

test("a multiplexed log becomes lines", async (t) => {
  for (const [name, log, lines] of cases) {
    await t.test(name, () => assert.deepEqual(readLog(log), lines));
  }
});
