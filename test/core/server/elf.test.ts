import assert from "node:assert/strict";
import { test } from "node:test";
import { elfInterpreter } from "../../../src/core/server/elf.ts";

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
