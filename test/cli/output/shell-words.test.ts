import assert from "node:assert/strict";
import { test } from "node:test";
import { commandLine, option } from "../../../src/cli/output/shell-words.ts";

const cases: readonly [readonly (string | undefined | false)[], string][] = [
  [["mypaas", "push", undefined, "web/Dockerfile", false], "mypaas push web/Dockerfile"],
  [["mypaas", "push", "https://h#srv=1&pin=2"], "mypaas push 'https://h#srv=1&pin=2'"],
  [["mypaas", "push", "it's"], String.raw`mypaas push 'it'\''s'`],
  [["mypaas", ...option("-r", "prod"), ...option("--key", undefined)], "mypaas -r prod"],
];

for (const [words, text] of cases)
  test(`a command to copy reads: ${text}`, () => {
    assert.equal(commandLine(...words), text);
  });
