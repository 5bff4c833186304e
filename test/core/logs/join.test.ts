import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogLine } from "../../../src/core/logs/item.ts";
import { createJoining } from "../../../src/core/logs/join.ts";

const at = "2026-11-27T10:00:00.000000000Z";
const line = (text: string, isCut = false, container = "a"): LogLine => ({
  kind: "line",
  container,
  stream: "stdout",
  release: 1,
  replica: 1,
  at,
  nth: 0,
  text,
  ...(isCut && { isCut: true }),
});

test("pieces of a line are put together, also between lines of others", () => {
  const { take, rest } = createJoining();
  assert.deepEqual(take(line("whole")), line("whole"));
  assert.equal(take(line("one ", true)), undefined);
  assert.deepEqual(take(line("other", false, "b")), line("other", false, "b"));
  assert.equal(take(line("two ", true)), undefined);
  assert.deepEqual(take(line("three")), line("one two three"));
  assert.deepEqual(rest(), []);
});

test("a line without an end is given in the end, and a very long one in pieces", () => {
  const { take, rest } = createJoining();
  assert.equal(take(line("one ", true)), undefined);
  assert.deepEqual(rest(), [line("one ")]);
  const piece = "x".repeat(1024 * 1024);
  const given = Array.from({ length: 12 }, () => take(line(piece, true))).filter(Boolean);
  assert.deepEqual(
    given.map((one) => one?.text.length),
    [5, 5].map((pieces) => pieces * piece.length),
  );
});
