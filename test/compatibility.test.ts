import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { makeCompatibilityDocs, readCompatibilityDocs, tried } from "../scripts/compatibility.ts";

test("docs/compatibility.md is what the list says", () => {
  assert.equal(readCompatibilityDocs(), makeCompatibilityDocs(), "run: node scripts/docs.ts");
});

for (const { suite, test: title } of tried)
  test(`what was tried is tried still: ${suite}, ${title}`, () => {
    const file = join(import.meta.dirname, "e2e", `${suite}.test.ts`);
    assert.ok(existsSync(file), file);
    assert.ok(readFileSync(file, "utf8").includes(`test(${JSON.stringify(title)}, `), title);
  });
