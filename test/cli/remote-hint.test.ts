import assert from "node:assert/strict";
import { test } from "node:test";
import { hintFor } from "../../src/cli/remote-hint.ts";

const cases: readonly [said: string, typed: string][] = [
  ["push again: mypaas push", "push again: mypaas push -r prod"],
  [
    "choose another domain, or take it over: mypaas push --take-from blog",
    "choose another domain, or take it over: mypaas push --take-from blog -r prod",
  ],
  ["run: mypaas env web set A=… B=…", "run: mypaas env web set A=… B=… -r prod"],
  [
    "enrol another first: mypaas key add, or remove it as root on the server",
    "enrol another first: mypaas key add -r prod, or remove it as root on the server",
  ],
  ["see them: mypaas key list -r other", "see them: mypaas key list -r other"],
  ["set # mypaas.port = 80", "set # mypaas.port = 80"],
  ["run on the server: mypaas init --domain HOST", "run on the server: mypaas init --domain HOST"],
];

for (const [said, typed] of cases)
  test(`the way out "${said}" names the server that it is about`, () => {
    assert.equal(hintFor("prod", said), typed);
  });
