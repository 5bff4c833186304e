import assert from "node:assert/strict";
import { test } from "node:test";
import { redactEvent, redactor } from "../../src/core/redact.ts";
import { assertLinear } from "../support/growth.ts";

const cases: readonly (readonly [string, readonly string[], string, string])[] = [
  [
    "a value is replaced wherever it stands",
    ["s3cretvalue"],
    "a s3cretvalue b s3cretvalue",
    "a *** b ***",
  ],
  ["a short value stays", ["8080", "1234567"], "port 8080 1234567", "port 8080 1234567"],
  ["overlapping values vanish together", ["abcdefgh", "efghijkl"], "-abcdefghijkl-", "-***-"],
  [
    "a value inside a longer one does not reveal the rest",
    ["password1", "my-password1-x"],
    "my-password1-x",
    "***",
  ],
  [
    "the longer one wins also when it begins later in the list",
    ["12345678", "0123456789"],
    "0123456789",
    "***",
  ],
  ["neighbours stay two", ["aaaaaaaa", "bbbbbbbb"], "aaaaaaaabbbbbbbb", "******"],
  ["a repeated character is one span", ["aaaaaaaa"], "aaaaaaaaaaa!", "***!"],
  [
    "lines of a value of several lines count too",
    ["-----BEGIN KEY\nabcdefghij\n"],
    "x abcdefghij",
    "x ***",
  ],
  ["characters beyond the first plane are whole", ["🔑🔑🔑🔑"], "a🔑🔑🔑🔑b", "a***b"],
  ["nothing to hide changes nothing", [], "text", "text"],
  ["an empty text stays empty", ["s3cretvalue"], "", ""],
];

for (const [title, secrets, text, expected] of cases) {
  test(`redact: ${title}`, () => assert.equal(redactor(secrets)(text), expected));
}

test("redact: a long text full of near misses takes linear time", () => {
  const secret = `${"a".repeat(5000)}b`;
  const redact = redactor([secret, "a".repeat(4000) + "c"]);
  assertLinear(125_000, (length) => redact("a".repeat(length)));
});

test("redact: every text of an event but its kind is redacted", () => {
  const redact = redactor(["s3cretvalue", "failed-x"]);
  assert.deepEqual(
    redactEvent(
      {
        kind: "failed",
        message: "no s3cretvalue",
        details: ["a s3cretvalue"],
        still: "s3cretvalue",
      },
      redact,
    ),
    { kind: "failed", message: "no ***", details: ["a ***"], still: "***" },
  );
});
