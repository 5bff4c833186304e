import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, editDistance } from "../../../src/core/dockerfile/did-you-mean.ts";

const known = ["domain", "port", "https", "servicename", "service", "strip-prefix"];
const cases: readonly (readonly [word: string, meant: string | undefined])[] = [
  ["doman", "domain"],
  ["DOMIAN", "domain"],
  ["prot", "port"],
  ["http", "https"],
  ["service_name", "servicename"],
  ["services", "service"],
  ["strip_prefix", "strip-prefix"],
  ["volume", undefined],
  ["x", undefined],
  ["", undefined],
  ["d".repeat(1000), undefined],
];

for (const [word, meant] of cases) {
  test(`"${word.slice(0, 20)}" means ${meant ?? "nothing known"}`, () => {
    assert.equal(didYouMean(word, known), meant);
  });
}

test("the distance stops at its limit", () => {
  assert.equal(editDistance("abc", "abc", 2), 0);
  assert.equal(editDistance("abcd", "abdc", 2), 1);
  assert.equal(editDistance("abc", "xyz", 2), 3);
  assert.equal(editDistance("", "abcdef", 2), 3);
});
