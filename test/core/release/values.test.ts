import assert from "node:assert/strict";
import { test } from "node:test";
import {
  onlyBuildsAsk,
  placeChanges,
  placeValues,
  useOf,
  type ServerValues,
} from "../../../src/core/release/values.ts";
import { plain, secret } from "../../support/values.ts";

const asking = (env: readonly string[], files: readonly string[]) => ({
  env: env.map((name) => ({ name, value: undefined })),
  secrets: files.map((name) => ({ name, target: `/run/secrets/${name}` })),
});

const places: readonly (readonly [
  what: string,
  spec: ReturnType<typeof asking>,
  values: ServerValues,
  env: readonly string[],
  files: readonly string[],
])[] = [
  ["a value is a variable", asking([], []), plain({ A: "1" }), ["A"], []],
  ["a secret is none", asking([], []), secret({ A: "1" }), [], []],
  ["nor where the Dockerfile wants one", asking(["A"], []), secret({ A: "1" }), [], []],
  ["a value that is a file is no variable", asking([], ["A"]), plain({ A: "1" }), [], ["A"]],
  ["unless it is wanted as both", asking(["A"], ["A"]), plain({ A: "1" }), ["A"], ["A"]],
  ["a secret as a file", asking([], ["A"]), secret({ A: "1", B: "2" }), [], ["A"]],
  ["a file without a value", asking([], ["A", "constructor"]), {}, [], []],
];

for (const [what, spec, values, env, files] of places)
  test(`values: ${what}`, () => {
    const placed = placeValues(spec, values);
    assert.deepEqual([Object.keys(placed.env), Object.keys(placed.files)], [env, files]);
    // A release that has nothing yet gets the same by changes.
    const changed = placeChanges({ env: {}, spec }, values);
    assert.deepEqual([Object.keys(changed.env), Object.keys(changed.files)], [env, files]);
  });

test("values: a variable that becomes a secret leaves the environment, and a file that goes is said to go", () => {
  const release = { env: { A: "1", B: "2" }, spec: asking([], ["F"]) as never };
  const { env, files } = placeChanges(release, { ...secret({ A: "3" }), F: undefined });
  assert.deepEqual([env, files], [{ B: "2" }, { F: undefined }]);
});

const rests: readonly (readonly [
  what: string,
  before: ServerValues,
  changes: Parameters<typeof onlyBuildsAsk>[2],
  isTrue: boolean,
])[] = [
  ["a new secret", {}, secret({ A: "1" }), true],
  ["another value of one", secret({ A: "1" }), secret({ A: "2" }), true],
  ["a secret that goes", secret({ A: "1" }), { A: undefined }, true],
  ["a variable that becomes one", plain({ A: "1" }), secret({ A: "1" }), false],
  ["a variable that goes", plain({ A: "1" }), { A: undefined }, false],
  ["a new variable", {}, plain({ A: "1" }), false],
  ["a file", {}, secret({ F: "1" }), false],
  ["a secret and a variable", {}, { ...secret({ A: "1" }), ...plain({ B: "1" }) }, false],
  ["one that was never set goes", {}, { A: undefined }, false],
];

for (const [what, before, changes, isTrue] of rests)
  test(`only builds ask for it: ${what}: ${isTrue}`, () =>
    assert.equal(onlyBuildsAsk(asking([], ["F"]), before, changes), isTrue));

test("the list says what a value is for", () => {
  const [hidden, shown] = [
    { value: "1", isSecret: true },
    { value: "1", isSecret: false },
  ];
  assert.deepEqual(useOf(undefined, "A", shown), { use: "environment", paths: [] });
  assert.deepEqual(useOf(undefined, "A", hidden), { use: "build", paths: [] });
  const paths = ["/run/secrets/A"];
  assert.deepEqual(useOf(asking([], ["A"]), "A", hidden), { use: "file", paths });
  assert.deepEqual(useOf(asking([], ["A"]), "A", shown), { use: "file", paths });
  assert.deepEqual(useOf(asking(["A"], ["A"]), "A", shown), { use: "environment", paths });
});
