import assert from "node:assert/strict";
import { test } from "node:test";
import { outputOf } from "../../../../src/adapters/engines/docker/demux.ts";

const frame = (stream: number, text: string) => {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
};
const engine = Buffer.concat([
  frame(1, "out"),
  frame(2, "err, longer"),
  frame(1, ""),
  frame(1, "x".repeat(100)),
]);

async function* cut(bytes: Buffer, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function heard(source: AsyncIterable<unknown>, isTerminal: boolean) {
  const text = { stdout: "", stderr: "" };
  for await (const { stream, bytes } of outputOf(source, isTerminal))
    text[stream] += Buffer.from(bytes).toString();
  return text;
}

for (const size of [1, 2, 7, 8, 9, 13, 1000])
  test(`both streams come apart however they were cut: pieces of ${size}`, async () => {
    assert.deepEqual(await heard(cut(engine, size), false), {
      stdout: `out${"x".repeat(100)}`,
      stderr: "err, longer",
    });
  });

test("a terminal is one stream, taken as it is", async () => {
  assert.deepEqual(await heard(cut(Buffer.from("\u0001\u0000abc"), 2), true), {
    stdout: "\u0001\u0000abc",
    stderr: "",
  });
});

test("a frame of any length needs no more memory than the pieces it comes in", async () => {
  const head = frame(1, "");
  head.writeUInt32BE(0xffff_ffff, 4);
  const source = (async function* () {
    yield head;
    for (let left = 100; left > 0; left -= 1) yield Buffer.alloc(1000);
  })();
  let bytes = 0;
  for await (const piece of outputOf(source, false)) bytes += piece.bytes.length;
  assert.equal(bytes, 100_000);
});
