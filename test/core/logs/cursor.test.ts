import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createCursor,
  otherStream,
  readCursor,
  sinceOf,
  writeCursor,
} from "../../../src/core/logs/cursor.ts";
import { createNumbering, isAfter, type LogItem } from "../../../src/core/logs/item.ts";
import { refusal } from "../../support/worker.ts";

const at = (second: number, nanos = 0) =>
  `2026-11-21T12:00:${String(second).padStart(2, "0")}.${String(nanos).padStart(9, "0")}Z`;
const line = (container: string, second: number, nth = 0, stream = "stdout"): LogItem =>
  ({
    kind: "line",
    container,
    stream,
    release: 1,
    replica: 1,
    at: at(second),
    nth,
    text: "x",
  }) as LogItem;
const [a, b] = ["a".repeat(12), "b".repeat(12)] as const;

test("a cursor knows the session, how far each stream was read, and forgets containers that are gone", () => {
  const cursor = createCursor();
  assert.equal(cursor.text(), "");
  cursor.read({ kind: "session", session: "c0ffee", next: 40 });
  for (const item of [line(a, 1), line(a, 1, 1), line(a, 2, 0, "stderr"), line(b, 3)])
    cursor.read(item);
  const positions = {
    [`${a}o`]: { at: at(1), count: 2 },
    [`${a}e`]: { at: at(2), count: 1 },
    [`${b}o`]: { at: at(3), count: 1 },
  };
  const read = readCursor(cursor.text());
  assert.deepEqual(read, { session: "c0ffee", next: 44, isCaughtUp: false, positions });
  assert.equal(writeCursor(read), cursor.text());
  assert.match(cursor.text(), /^[\w.~*:-]+$/);

  const trimmed = { [`${b}e`]: { at: at(1), count: 1 } };
  cursor.read({ kind: "caught-up", positions: trimmed });
  cursor.read({ kind: "gone", container: a });
  assert.deepEqual(readCursor(cursor.text()), {
    session: "c0ffee",
    next: 46,
    isCaughtUp: true,
    positions: { [`${b}o`]: { at: at(3), count: 1 }, ...trimmed },
  });
});

test("an invalid cursor is refused", async () => {
  for (const text of ["x", "c0ffee.1", "c0ffee.1.now~x", `c0ffee.1.now~${a}o*2026*1`])
    assert.equal(await refusal(() => readCursor(text)), "from: not a log position");
});

test("lines with the same time are distinguished by their number", () => {
  const number = createNumbering();
  assert.deepEqual([at(1), at(1), at(2), at(2), at(1)].map(number), [0, 1, 0, 1, 0]);
  const position = { at: at(2), count: 1 };
  const cases: readonly [number, number, boolean][] = [
    [1, 5, false],
    [2, 0, false],
    [2, 1, true],
    [3, 0, true],
  ];
  for (const [second, nth, expected] of cases)
    assert.equal(isAfter({ at: at(second), nth }, position), expected, `${second} ${nth}`);
  assert.equal(isAfter({ at: at(1), nth: 0 }, undefined), true);
});

test("Docker is asked from the earlier of two streams, or from a second before a single one", () => {
  const out = { [`${a}o`]: { at: at(5, 7), count: 1 } };
  assert.equal(sinceOf({}, a), undefined);
  assert.equal(sinceOf(out, b), undefined);
  assert.equal(sinceOf(out, a), at(4, 7));
  assert.equal(sinceOf({ ...out, [`${a}e`]: { at: at(3), count: 1 } }, a), at(3));
});

test("a stream without lines among the newest gets the position of the other", () => {
  const [out, err] = [`${a}o`, `${a}e`] as const;
  const position = { at: at(5, 7), count: 3 };
  const before = { at: at(4, 998_000_007), count: 0 };
  assert.equal(otherStream(new Map(), a), undefined);
  assert.deepEqual(otherStream(new Map([[out, position]]), a), [err, before]);
  assert.deepEqual(otherStream(new Map([[err, position]]), a), [out, before]);
  assert.equal(
    otherStream(
      new Map([
        [out, position],
        [err, before],
      ]),
      a,
    ),
    undefined,
  );
});
