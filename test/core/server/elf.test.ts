import assert from "node:assert/strict";
import { test } from "node:test";
import { elfInterpreter, elfMachine } from "../../../src/core/server/elf.ts";

const loader = "/lib64/ld-linux-x86-64.so.2";

/** The smallest program that names a loader: two program headers, then the path. */
function program({ type = 3, begin = 176, length = loader.length + 1, count = 2 } = {}): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.write("\x7fELF\x02\x01", "latin1");
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(count, 56);
  bytes.writeUInt32LE(1, 64);
  bytes.writeUInt32LE(type, 120);
  bytes.writeBigUInt64LE(BigInt(begin), 128);
  bytes.writeBigUInt64LE(BigInt(length), 152);
  bytes.write(loader, 176);
  return bytes;
}

test("the loader that a program names is found", () => {
  assert.equal(elfInterpreter(program()), loader);
});

for (const [what, bytes] of [
  ["a static program", program({ type: 1 })],
  ["a table that is cut off", program({ count: 60_000, type: 1 })],
  ["a path outside of the bytes", program({ begin: 10_000 })],
  ["a script", Buffer.from("#!/usr/bin/env node\n".repeat(10))],
  ["an empty file", Buffer.alloc(0)],
  ["a header alone", program().subarray(0, 60)],
] as const) {
  test(`${what} has no loader`, () => assert.equal(elfInterpreter(bytes), undefined));
}

/** The beginning of a program: which bytes come first in a number is byte 5, the processor bytes 18 and 19. */
const builtFor = (order: number, ...machine: readonly number[]): Buffer =>
  Buffer.from([...Buffer.from("\x7fELF\x02", "latin1"), order, ...Buffer.alloc(12), ...machine]);

for (const [bytes, expected] of [
  [builtFor(1, 62, 0), "x86_64"],
  [builtFor(1, 183, 0), "aarch64"],
  [builtFor(2, 0, 22), "s390x"],
  [builtFor(1, 0, 1), "processor 256"],
  [builtFor(1, 62, 0).subarray(0, 19), undefined],
  [Buffer.from("#!/usr/bin/env node\n".repeat(10)), undefined],
] as const) {
  test(`${bytes.length} bytes are built for ${expected}`, () =>
    assert.equal(elfMachine(bytes), expected));
}
