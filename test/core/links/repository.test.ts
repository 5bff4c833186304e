import assert from "node:assert/strict";
import { test } from "node:test";
import { isBranch, isCommit, readRepository } from "../../../src/core/links/repository.ts";
import { readSshPlace } from "../../../src/core/links/ssh-place.ts";

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

test("a repository over ssh is written in two ways", () => {
  const written: readonly (readonly [string, object])[] = [
    ["git@github.com:ann/web.git", { port: 22, path: "ann/web.git" }],
    ["git@GitHub.com:ann/web/", { port: 22, path: "ann/web" }],
    ["ssh://git@github.com/ann/web", { port: 22, path: "/ann/web" }],
    ["ssh://git@github.com:2222/~ann/web", { port: 2222, path: "~ann/web" }],
  ];
  for (const [text, wanted] of written)
    assert.deepEqual(readSshPlace(text), { user: "git", host: "github.com", ...wanted }, text);
  assert.equal(readSshPlace("ssh://git@[fd00::1]:22/a")?.host, "[fd00::1]");
  assert.deepEqual(readRepository("git@github.com:ann/web#dev"), {
    url: "git@github.com:ann/web",
    branch: "dev",
  });
});

const refused: readonly (readonly [string, RegExp])[] = [
  ["", /is not a URL/],
  ["github.com/ann/web", /is not a URL/],
  ["http://github.com/ann/web", /not reached by https or ssh, but by http$/],
  ["file:///etc", /but by file$/],
  ["git://github.com/a", /but by git$/],
  ["ext::sh -c id", /is not a URL/],
  ["ssh://github.com/ann/web", /names no user, such as git@$/],
  ["ssh://git:secret@github.com/ann/web", /holds a password; ssh uses a deploy key$/],
  ["ssh://git@github.com", /is no address for ssh/],
  ["ssh://git@github.com:99999/a", /is no address for ssh/],
  ["git@-oProxyCommand=id:ann/web", /is no address for ssh/],
  ["git@github.com:-oProxyCommand=id", /is no address for ssh/],
  ["git@github.com:a'b", /is no address for ssh/],
  ["git@github.com:a b", /is no address for ssh/],
  ["git@github.com:", /is no address for ssh/],
  ["-x@github.com:a", /is no address for ssh/],
  ["git@localhost:a", /is this server itself/],
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
