import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { makeProgram } from "../../src/cli/command-builder.ts";
import { commands } from "../../src/cli/commands.ts";
import { fakeWorld } from "../support/world.ts";

const sources = globSync("src/**/*.ts").map((file) => ({
  file,
  text: readFileSync(file, "utf8").replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, ""),
}));
const { root, load } = makeProgram(fakeWorld(), { worker: async () => {} }, async () => {});
await Promise.all(Object.keys(commands).map(load));

/** Texts that are no hints: help, what files say of themselves, an answer. */
const others =
  /^src\/(?:cli\/|core\/dockerfile\/keys\/\S+\.ts|adapters\/(?:state\/schema|host\/\S+)\.ts)/;
const named = new RegExp(`mypaas (?:${Object.keys(commands).join("|")})\\b`);

test("a hint has its commands as data and not as text", () => {
  for (const { file, text } of sources)
    for (const line of text.split("\n"))
      if (!others.test(file) || /\bhint\b/.test(line)) assert.doesNotMatch(line, named, file);
});

const used = sources.flatMap(({ file, text }) =>
  [...text.matchAll(/\b(?:command|onServer)\(\s*(?:"([^"]+)"|`([^`]+)`),?\s*\)/g)].map(
    ([, plain, template]) => ({ file, words: plain ?? template ?? "" }),
  ),
);

test("every command in a hint exists, with its options", () => {
  assert.ok(used.length > 100, `${used.length} were found`);
  for (const { file, words } of used) {
    const [own = ""] = words.replaceAll(/\$\{[^}]*\}/g, "X").split(" -- ");
    // Its name is a parameter.
    if (words.startsWith("${")) continue;
    let found = root;
    for (const word of own.split(" ")) {
      const inner = found.commands.find((one) => one.name() === word);
      if (inner === undefined && found === root) assert.fail(`${file}: mypaas ${words}`);
      if (inner !== undefined) found = inner;
      if (!/^--?[a-z]/.test(word) || word === "--help") continue;
      const isKnown = found.options.some(({ short, long }) => [short, long].includes(word));
      assert.ok(isKnown, `${file}: mypaas ${words}: ${word}`);
    }
  }
});
