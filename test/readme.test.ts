import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keysMarkdown } from "../src/core/dockerfile/key-help.ts";

const readme = readFileSync(join(import.meta.dirname, "../README.md"), "utf8");

test("the README's table of keys is the one of the parser", () => {
  assert.ok(readme.includes(keysMarkdown()), `put this into README.md:\n${keysMarkdown()}`);
});

test("the README names the command for the main job and the one for the tests", () => {
  const { scripts } = JSON.parse(
    readFileSync(join(import.meta.dirname, "../package.json"), "utf8"),
  ) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  assert.ok(scripts["demo"] !== undefined && readme.includes("npm run demo"));
  assert.ok(scripts["test"] !== undefined && readme.includes("npm cit"));
});

test("every file that the map names is there", () => {
  const map = readFileSync(join(import.meta.dirname, "../src/README.md"), "utf8");
  const named = [...map.matchAll(/`((?:core|deploy|adapters|cli|worker|receiver)\/[\w/-]+\.ts)`/g)];
  assert.ok(named.length > 5);
  for (const [, path = ""] of named)
    assert.ok(existsSync(join(import.meta.dirname, "../src", path)), path);
});
