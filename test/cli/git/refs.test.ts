import assert from "node:assert/strict";
import { test } from "node:test";
import { readPushOptions, readRefPush, refusedRef } from "../../../src/cli/git/refs.ts";

const refused: readonly (readonly [string, string | undefined])[] = [
  ["refs/heads/main:refs/heads/main", undefined],
  ["+HEAD:refs/heads/master", undefined],
  [":refs/heads/main", "a service is removed with: mypaas remove NAME"],
  [
    "refs/tags/v1:refs/tags/v1",
    "a tag is not deployed by its name; to deploy it: git push prod v1^{commit}:main",
  ],
  [
    "refs/heads/a/b:refs/heads/a/b",
    "only main is deployed; to deploy this: git push prod a/b:main",
  ],
];

for (const [line, why] of refused)
  test(`push ${line} is ${why === undefined ? "a deploy" : "refused"}`, () =>
    assert.equal(refusedRef(readRefPush(line), "prod"), why));

test("a + forces", () => {
  assert.equal(readRefPush("+a:b").isForced, true);
  assert.equal(readRefPush("a:b").isForced, false);
});

test("options of git push are those of a push, and others are named", () => {
  const { unknown, args } = readPushOptions(["no-cache", "take-from=old"]);
  assert.equal(unknown, undefined);
  assert.deepEqual(args, { cache: false, pull: false, replace: false, takeFrom: "old" });
  assert.equal(readPushOptions(["pull", "fast"]).unknown, "fast");
});
