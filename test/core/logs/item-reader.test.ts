import assert from "node:assert/strict";
import { test } from "node:test";
import { readLogItem } from "../../../src/core/logs/item-reader.ts";

const at = "2026-11-21T12:00:00.123456789Z";
const line = {
  kind: "line",
  container: "c1",
  stream: "stderr",
  release: 3,
  replica: 1,
  at,
  nth: 0,
};
const read = (value: unknown) => readLogItem(JSON.stringify(value));

test("an item is read with its text made safe for a terminal", () => {
  const text = "\u001b[31mred\u001b[0m\u001b[2J \u0007bell\ttab";
  const safe = "\u001b[31mred\u001b[0m bell\ttab";
  assert.deepEqual(read({ ...line, text, more: 1 }), { ...line, text: safe });
  const positions = { c1o: { at, count: 2 } };
  assert.deepEqual(read({ kind: "caught-up", positions: { ...positions, bad: { at: "x" } } }), {
    kind: "caught-up",
    positions,
  });
  assert.deepEqual(read({ kind: "failed", code: "x", message: "no\u001b[2J", hint: "do" }), {
    kind: "failed",
    code: "x",
    message: "no",
    hint: "do",
  });
  for (const item of [
    { kind: "session", session: "s", next: 0 },
    { kind: "gone", container: "c" },
    { kind: "end" },
  ])
    assert.deepEqual(read(item), item);
});

test("broken and unknown items are left out", () => {
  assert.equal(readLogItem('{"kind":"li'), undefined);
  for (const value of [
    null,
    7,
    { kind: "new" },
    { ...line },
    { ...line, text: "x", at: "now" },
    { ...line, text: "x", replica: -1 },
    { ...line, text: "x", stream: "stdin" },
    { kind: "session", session: "s" },
    { kind: "gone" },
    { kind: "failed", code: "x" },
  ])
    assert.equal(read(value), undefined, JSON.stringify(value));
});
