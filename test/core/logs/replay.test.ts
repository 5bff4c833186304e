import assert from "node:assert/strict";
import { test } from "node:test";
import { createReplay } from "../../../src/core/logs/replay.ts";

const filled = (count: number) => {
  const replay = createReplay<number>({ maxUnsent: 50, maxSent: 30 });
  for (let number = 0; number < count; number += 1) replay.push(number, 10);
  return replay;
};

test("a reader gets every item once, in pieces", () => {
  const replay = filled(4);
  assert.deepEqual(replay.take(25), [0, 1, 2]);
  assert.equal(replay.next(), 3);
  assert.deepEqual([replay.take(25), replay.take(25)], [[3], []]);
});

test("the producer waits for a slow reader", () => {
  const replay = filled(5);
  assert.equal(replay.isFull(), true);
  replay.take(10);
  assert.equal(replay.isFull(), false);
});

test("a new connection gets again what did not arrive", () => {
  const replay = filled(5);
  replay.take(40);
  assert.equal(replay.rewind(2), true);
  assert.deepEqual(replay.take(1000), [2, 3, 4]);
});

test("items that were sent too long ago are gone", () => {
  const replay = filled(5);
  replay.take(1000);
  assert.equal(replay.rewind(1), false);
  assert.equal(replay.next(), 5);
  assert.equal(replay.rewind(6), false);
  assert.equal(replay.rewind(2), true);
  assert.deepEqual(replay.take(1000), [2, 3, 4]);
});
