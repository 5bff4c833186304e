import assert from "node:assert/strict";
import { test } from "node:test";
import { isBranch, isCommit, readRepository } from "../../../src/core/links/repository.ts";

test("a repository is an https URL with a branch", () => {
  assert.deepEqual(readRepository("https://github.com/ann/web"), {
    url: "https://github.com/ann/web",
    branch: "main",
  });
  assert.deepEqual(readRepository("https://git.example.com:8443/a/b.git/#feat/x"), {
    url: "https://git.example.com:8443/a/b.git",
    branch: "feat/x",
  });
});

const refused: readonly (readonly [string, RegExp])[] = [
  ["", /is not a URL/],
  ["github.com/ann/web", /is not a URL/],
  ["http://github.com/ann/web", /not reached by https, but by http$/],
  ["file:///etc", /but by file$/],
  ["git://github.com/a", /but by git$/],
  ["ext::sh -c id", /is not a URL/],
  ["git@github.com:ann/web.git", /name it with https: https:\/\/github\.com\/ann\/web\.git$/],
  ["ssh://git@github.com/ann/web", /name it with https: https:\/\/github\.com\/ann\/web$/],
  ["https://ann@github.com/ann/web", /holds a password/],
  ["https://ann:secret@github.com/ann/web", /holds a password/],
  ["https://github.com/ann/web?x=1", /has a query/],
  ["https://github.com/", /names no repository/],
  ["https://localhost/a", /is this server itself/],
  ["https://a.test/a\nb", /is not a URL/],
  ["https://a.test/a#", /names no branch/],
  ["https://a.test/a#-x", /names no branch/],
  ["https://a.test/a#a#b", /names no branch/],
];
for (const [text, wanted] of refused)
  test(`${JSON.stringify(text)} is refused`, () => {
    const read = readRepository(text);
    assert.match(typeof read === "string" ? read : "", wanted);
  });

test("branches and commits", () => {
  for (const name of ["main", "feat/x", "v1.2", "a_b-c", "user@x"]) assert.ok(isBranch(name), name);
  for (const name of [
    "",
    "-x",
    "--upload-pack=x",
    "/a",
    "a/",
    "a..b",
    "a//b",
    "@{1}",
    "@",
    "a.lock",
    "refs/heads/a",
    "a b",
    "a~1",
    "a^",
    "a:b",
    "a/.b",
    ".a",
    "a.",
  ])
    assert.ok(!isBranch(name), name);
  assert.ok(isCommit("a".repeat(40)) && isCommit("b".repeat(64)));
  for (const text of ["a".repeat(39), "A".repeat(40), "0".repeat(40), "main"])
    assert.ok(!isCommit(text));
});
