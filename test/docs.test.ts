import assert from "node:assert/strict";
import { test } from "node:test";
import { makeJsonDocs, readJsonDocs } from "../scripts/docs.ts";

const docs = readJsonDocs();

test("docs/json.md is what the types say", () => {
  assert.equal(docs, makeJsonDocs(), "write it anew: node scripts/docs.ts");
});

test("docs/json.md names every event, and explains every type that it names", () => {
  for (const kind of ["step", "live", "failed", "superseded"])
    assert.ok(docs.includes(`### \`${kind}\``), kind);
  const types = docs.slice(docs.indexOf("\n## Answers"));
  const code = [...types.matchAll(/```ts\n([^]*?)```/g)].map(([, text = ""]) =>
    text.replaceAll(/\/\*\*[^]*?\*\//g, "").replaceAll(/"[^"]*"/g, ""),
  );
  const known = new Set(["Readonly", "Record", "Kind"]);
  for (const name of code.join(" ").match(/\b[A-Z]\w+/g) ?? [])
    assert.ok(known.has(name) || docs.includes(`### ${name}\n`), name);
  assert.doesNotMatch(docs, /readonly|undefined/);
});
