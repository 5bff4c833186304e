import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const floors: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  deploy: ["core", "deploy"],
  sources: ["core", "deploy", "sources"],
  adapters: ["core", "deploy", "adapters"],
  page: ["core", "page"],
  cli: ["core", "deploy", "adapters", "page", "cli"],
  receiver: ["core", "deploy", "adapters", "receiver"],
  relay: ["core", "relay"],
  egress: ["core", "egress"],
  worker: ["core", "deploy", "sources", "adapters", "worker"],
};
/** A package and the only files that may import it. */
const homes: readonly [RegExp, RegExp][] = [
  [/^dockerode$/, /^adapters\/engines\/docker\//],
  [/^bcryptjs$/, /^adapters\/laptop\/password-hash\.ts$/],
  [/^chalk$/, /^cli\/output\/theme\.ts$/],
  [/^semver$/, /^core\/generate\/versions\.ts$/],
  [/^smol-toml$/, /^core\/generate\/data-files\.ts$/],
  [/^node:process$/, /^$/],
];
/** Readers of formats: text in, values out. */
const pure = /^(\.|yaml$|semver$|smol-toml$|node:(crypto|path|url)$)/;

/** Views are served in more than one place. */
const pureViews = /^(\.|hono\/html$)/;

/** Words about single containers, which only the folder of an engine may speak of; the second list has words with another meaning elsewhere. */
const containerWords: readonly [RegExp, RegExp][] = [
  [/^(core|deploy)\//, /\b(dockerode|container(Id|Plan|Facts)|restartPolicy)\b/i],
  [/^(deploy|core\/(release|routing))\//, /\b(renam\w*|alias(es)?|unless-stopped|pid)\b/i],
];

const root = join(import.meta.dirname, "../src");
const files = globSync("**/*.ts", { cwd: root }).map((file) => ({
  file,
  floor: file.split("/")[0] ?? "",
  text: readFileSync(join(root, file), "utf8"),
}));
const importPattern = /(?:\bfrom\s+|\bimport\s*\(?\s*)"([^"]+)"/g;

test("there is something to look at", () => assert.ok(files.length > 40));

for (const { file, floor, text } of files)
  test(`${file} imports only what its floor may and stays one idea`, () => {
    const imports = [...text.matchAll(importPattern)].map((match) => match[1] ?? "");
    for (const name of imports) {
      if (name.startsWith(".")) {
        const target = relative(root, join(root, dirname(file), name)).split("/")[0] ?? "";
        assert.ok(floors[floor]?.includes(target), `${file} imports ${name} from above`);
      } else if (floor === "core") assert.match(name, pure);
      else if (floor === "page") assert.match(name, pureViews);
      for (const [packageName, home] of homes)
        if (packageName.test(name)) assert.match(file, home, `${file} imports ${name}`);
    }
    assert.ok(text.split("\n").length <= 401, `${file} is longer than 400 lines`);
    assert.doesNotMatch(text, /\bprocess\.(env|argv|exit|cwd|stdout|stderr|stdin)\b/);
    assert.doesNotMatch(text, /\bconsole\./);
  });

test("nothing in core or deploy knows the containers of an engine", () => {
  for (const { file, text } of files) {
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, "");
    for (const [rooms, words] of containerWords)
      if (rooms.test(file)) assert.doesNotMatch(code, words, file);
  }
});
