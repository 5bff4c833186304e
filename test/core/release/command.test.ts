import assert from "node:assert/strict";
import { test } from "node:test";
import { commandWords } from "../../../src/core/release/command.ts";

const shell = (text: string) => ["/bin/sh", "-c", text];

const cases: readonly [text: string, words: readonly string[]][] = [
  ["npm run migrate", ["npm", "run", "migrate"]],
  ["  ./migrate   --all ", ["./migrate", "--all"]],
  [`rake "db:migrate now" 'it is'`, ["rake", "db:migrate now", "it is"]],
  [`say --text="two words"`, ["say", "--text=two words"]],
  [`say ""`, ["say", ""]],
  ["a && b", shell("a && b")],
  ["a | b", shell("a | b")],
  ["echo $HOME", shell("echo $HOME")],
  ["NODE_ENV=test node migrate.js", shell("NODE_ENV=test node migrate.js")],
  ["ls *.sql", shell("ls *.sql")],
  [`echo "open`, shell(`echo "open`)],
  [`echo it's`, shell(`echo it's`)],
];

for (const [text, words] of cases)
  test(`the release command ${JSON.stringify(text)} is ${JSON.stringify(words)}`, () => {
    assert.deepEqual(commandWords(text), words);
  });
