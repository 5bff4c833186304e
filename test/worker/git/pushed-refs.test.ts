import assert from "node:assert/strict";
import { test } from "node:test";
import { readHookLine, readPush } from "../../../src/worker/git/pushed-refs.ts";

const commit = "a".repeat(40);
const push = (refs: readonly (readonly [string, string])[], options: readonly string[] = []) => {
  const said = readHookLine(
    JSON.stringify({ refs: refs.map(([after, name]) => ({ after, name })), options }),
  );
  if (!("refs" in said)) throw new Error("not a push");
  return readPush(said);
};

test("main and master are deployed, with the options of git push", () => {
  assert.deepEqual(push([[commit, "refs/heads/main"]]), {
    commit,
    branch: "main",
    dockerfile: undefined,
    pull: false,
    noCache: false,
  });
  assert.deepEqual(
    push([[commit, "refs/heads/master"]], ["no-cache", "pull", "dockerfile=deploy/Dockerfile"]),
    { commit, branch: "master", dockerfile: "deploy/Dockerfile", pull: true, noCache: true },
  );
});

for (const [what, refs, options, words] of [
  ["another branch", [[commit, "refs/heads/dev"]], [], /got dev\nhint: .* dev:main$/],
  ["a tag", [[commit, "refs/tags/v1"]], [], /got tags\/v1\nhint: .* HEAD:main$/],
  ["a deletion", [["0".repeat(40), "refs/heads/main"]], [], /^main cannot be deleted/],
  ["a commit that is none", [["--output=/x", "refs/heads/main"]], [], /^main cannot be deleted/],
  ["nothing", [], [], /^nothing is pushed/],
  [
    "two",
    [
      [commit, "refs/heads/main"],
      [commit, "refs/heads/dev"],
    ],
    [],
    /got main, dev\n/,
  ],
  ["an unknown option", [[commit, "refs/heads/main"]], ["fast"], /^push option "fast": not known/],
] as const)
  test(`${what} is refused with the command that works`, () => {
    const asked = push(refs, options);
    assert.match(typeof asked === "string" ? asked : JSON.stringify(asked), words);
  });

test("a line of the jail that is no push and no files is an error, fields of other types are left out", () => {
  assert.throws(() => readHookLine("{}"), /not known/);
  assert.throws(() => readHookLine("x"));
  assert.deepEqual(readHookLine('{"files":"id","subject":7}'), {
    files: "id",
    subject: "",
  });
});
