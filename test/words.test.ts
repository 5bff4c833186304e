import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/** Words that a user must not read, because the thing has another one. */
const retired: readonly (readonly [RegExp, instead: string])[] = [
  [/\b(the|this|an?) engine\b/i, "Docker"],
  [/connection (that )?(broke|is broken)|broken connection/i, "connection lost, lost connection"],
  [/\ballow(s|ed)? (a|the|your) (SSH |public )?keys?\b/i, "enrol"],
];

const root = join(import.meta.dirname, "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

const strings = /"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;

/** What a file says to its users: all of a document, the string literals of a program. */
function said(file: string): string {
  if (file.endsWith(".md")) return read(file);
  const code = read(file).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  return (code.match(strings) ?? []).join("\n");
}

const files = [
  "README.md",
  "SECURITY.md",
  "CHANGELOG.md",
  ...globSync("docs/*.md", { cwd: root }),
  ...globSync("src/**/*.ts", { cwd: root }),
];

test("what users read has one word for each thing", () => {
  assert.ok(files.length > 100 && said("src/cli/commands/key.ts").includes("enrol"));
  for (const file of files)
    for (const [word, instead] of retired)
      assert.doesNotMatch(said(file), word, `${file}: say ${instead}`);
});
