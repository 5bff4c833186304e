import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { keysMarkdown } from "./support/keys-markdown.ts";

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

test("every file that ARCHITECTURE.md and the decisions name is there", () => {
  const root = join(import.meta.dirname, "..");
  const decisions = readdirSync(join(root, "docs/decisions")).map(
    (file) => `docs/decisions/${file}`,
  );
  const text = ["ARCHITECTURE.md", ...decisions]
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  const named = [...text.matchAll(/`((?:core|deploy|adapters|cli|worker|receiver)\/[\w./-]*)`/g)];
  assert.ok(named.length > 20);
  for (const [, path = ""] of named) assert.ok(existsSync(join(root, "src", path)), path);
  for (const [, path = ""] of text.matchAll(/\]\(([\w/-]+\.md)\)/g))
    assert.ok(existsSync(join(root, path)), path);
});
