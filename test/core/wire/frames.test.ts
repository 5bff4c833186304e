import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createFrameReader,
  encodeFrame,
  maxFrameBytes,
  type Frame,
} from "../../../src/core/wire/frames.ts";
import { shown } from "../../support/worker.ts";

const bytes = Buffer.from([0, 1, 2, 254, 255]);
const frames: readonly Frame[] = [
  { kind: "stdin", bytes },
  { kind: "stdin", bytes: Buffer.alloc(0) },
  { kind: "stdin-end" },
  { kind: "resize", cols: 120, rows: 40 },
  { kind: "signal", signal: "SIGINT" },
  { kind: "stdout", bytes },
  { kind: "stderr", bytes: Buffer.alloc(maxFrameBytes, 7) },
  { kind: "taken", bytes: 4096 },
  { kind: "keepalive" },
  { kind: "exit", code: 137 },
  {
    kind: "error",
    error: { code: "gone", message: "web: gone", hint: "look", details: ["one", "two"] },
  },
  { kind: "error", error: { code: "gone", message: "web: gone" } },
];
const line = Buffer.concat(frames.map(encodeFrame));
/** Buffers compare by what they hold, not by the memory that they lie in. */
const plain = (all: readonly Frame[]) =>
  all.map((frame) =>
    "bytes" in frame && typeof frame.bytes !== "number"
      ? { ...frame, bytes: Buffer.from(frame.bytes).toString("hex") }
      : frame,
  );

for (const size of [1, 2, 3, 4, 5, 6, 7, 1000, maxFrameBytes, line.length])
  test(`frames arrive whole however the line cuts them: pieces of ${size}`, () => {
    const read = createFrameReader();
    // Byte by byte the large one would only take long.
    const sent = size < 10 ? frames.filter(({ kind }) => kind !== "stderr") : frames;
    const all = Buffer.concat(sent.map(encodeFrame));
    const got: Frame[] = [];
    for (let at = 0; at < all.length; at += size) got.push(...read(all.subarray(at, at + size)));
    assert.deepEqual(plain(got), plain(sent));
  });

test("a frame is its type, the length of its payload in four bytes, and the payload", () => {
  assert.equal(
    Buffer.from(encodeFrame({ kind: "stdin", bytes: Buffer.from("hi") })).toString("hex"),
    "01000000026869",
  );
  assert.equal(Buffer.from(encodeFrame({ kind: "stdin-end" })).toString("hex"), "0200000000");
});

const head = (type: number, length: number) => {
  const made = Buffer.alloc(5);
  made.writeUInt8(type, 0);
  made.writeUInt32BE(length, 1);
  return made;
};
const withText = (type: number, text: string) =>
  Buffer.concat([head(type, Buffer.byteLength(text)), Buffer.from(text)]);
const same = '\nhint: install the same version on both sides, see "Five minutes" in README.md';

const refused: readonly [string, Buffer, string][] = [
  ["a huge length", head(1, 0xffff_ffff), "connection: carried a frame of 4294967295 bytes"],
  ["one byte too much", head(1, maxFrameBytes + 1), "connection: carried a frame of 65537 bytes"],
  ["an unknown type", head(77, 0), "connection: carried a frame of unknown type 77"],
  ["no JSON", withText(3, "{"), "connection: carried a frame that is not JSON"],
  ["a list", withText(7, "null"), "connection: carried a frame that is not JSON"],
  [
    "a size out of reach",
    withText(3, '{"cols":70000,"rows":1}'),
    "connection: carried a number that should be from 0 to 65535",
  ],
  [
    "an exit code out of reach",
    withText(7, '{"code":-1}'),
    "connection: carried a number that should be from 0 to 255",
  ],
  [
    "another signal",
    withText(4, '{"signal":"SIGKILL"}'),
    "connection: carried a signal that is not passed on",
  ],
  ["an error of no form", withText(8, '{"error":5}'), "connection: carried an error of no form"],
];
for (const [what, sent, message] of refused)
  test(`refused on a line: ${what}`, () => {
    try {
      createFrameReader()(sent);
    } catch (error) {
      assert.equal(shown(error), message + same);
      return;
    }
    assert.fail("not refused");
  });
