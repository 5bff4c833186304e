import assert from "node:assert/strict";
import { test } from "node:test";
import { createMerge, mergeEnded } from "../../../src/core/logs/merge.ts";

const begin = Date.UTC(2026, 10, 21);
const at = (ms: number) => new Date(begin + ms).toISOString().replace("Z", "000000Z");
const item = (name: string, ms: number) => ({ name, at: at(ms) });
const names = (items: readonly { readonly name: string }[]) => items.map(({ name }) => name);

test("the lines of a single source go out at once", () => {
  const merge = createMerge<ReturnType<typeof item>>(10);
  merge.open("a");
  merge.push("a", item("a1", 5), begin + 6);
  assert.deepEqual(names(merge.take(begin + 6)), ["a1"]);
  assert.equal(merge.dueIn(begin + 6), undefined);
});

test("a line waits for an earlier one of another source, but no longer than the window", () => {
  const merge = createMerge<ReturnType<typeof item>>(10);
  merge.open("a");
  merge.open("b");
  merge.push("a", item("a1", 5), begin + 6);
  assert.deepEqual(merge.take(begin + 6), []);
  assert.equal(merge.dueIn(begin + 6), 9);
  merge.push("b", item("b1", 3), begin + 7);
  assert.deepEqual(names(merge.take(begin + 7)), ["b1"]);
  assert.deepEqual(names(merge.take(begin + 14)), []);
  assert.deepEqual(names(merge.take(begin + 15)), ["a1"]);
});

test("a line goes out as soon as no earlier one can come", () => {
  const merge = createMerge<ReturnType<typeof item>>(10);
  merge.open("a");
  merge.open("b");
  merge.push("a", item("a1", 5), begin + 6);
  merge.push("a", item("a2", 9), begin + 9);
  merge.push("b", item("b1", 7), begin + 9);
  assert.deepEqual(names(merge.take(begin + 9)), ["a1", "b1"]);
  merge.close("b");
  assert.deepEqual(names(merge.take(begin + 9)), ["a2"]);
});

test("each source keeps its own order, whatever its clock says", () => {
  const merge = createMerge<ReturnType<typeof item>>(10);
  merge.open("a");
  merge.open("b");
  for (const [name, ms] of [
    ["a1", 5],
    ["a2", 4],
    ["a3", 900],
  ] as const)
    merge.push("a", item(name, ms), begin + 6);
  merge.push("b", item("b1", 6), begin + 6);
  assert.deepEqual(names(merge.take(begin + 6)), ["a1", "a2", "b1"]);
  assert.deepEqual(names(merge.take(begin + 16)), ["a3"]);
});

test("items of a closed source still come out", () => {
  const merge = createMerge<ReturnType<typeof item>>(10);
  merge.open("a");
  merge.open("b");
  merge.push("a", item("a1", 5), begin + 6);
  merge.close("a");
  assert.deepEqual(merge.take(begin + 6), []);
  assert.deepEqual(names(merge.take(Number.POSITIVE_INFINITY)), ["a1"]);
});

test("sources that end are merged completely, for any batches", async () => {
  const source = async function* (...batches: readonly (readonly ReturnType<typeof item>[])[]) {
    yield* batches;
  };
  const merged = [];
  const sources = [
    source([item("a1", 1), item("a4", 4)], [], [item("a5", 5)]),
    source(),
    source([item("b2", 2)], [item("b3", 3), item("b6", 6)]),
  ];
  for await (const one of mergeEnded(sources)) merged.push(one);
  assert.deepEqual(names(merged), ["a1", "b2", "b3", "a4", "a5", "b6"]);
});
