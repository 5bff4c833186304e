import assert from "node:assert/strict";
import { test } from "node:test";
import { eventFor, hintFor } from "../../../src/cli/output/remote-hint.ts";

const cases: readonly [said: string, typed: string][] = [
  ["push again: mypaas push", "push again: mypaas push -r prod"],
  [
    "choose another domain, or take it over: mypaas push --take-from blog",
    "choose another domain, or take it over: mypaas push --take-from blog -r prod",
  ],
  ["run: mypaas env web set A=… B=…", "run: mypaas env web set A=… B=… -r prod"],
  [
    "enrol another key first: mypaas key add, or remove it as root on the server",
    "enrol another key first: mypaas key add -r prod, or remove it as root on the server",
  ],
  ["see them: mypaas key list -r other", "see them: mypaas key list -r other"],
  [
    "enrol it on the server: mypaas key add, or choose another with --key",
    "enrol it on the server: mypaas key add, or choose another with --key",
  ],
  ["look into it: mypaas exec web -- sh", "look into it: mypaas exec web -r prod -- sh"],
  [
    "log in: mypaas registry login r.example.com:5000",
    "log in: mypaas registry login r.example.com:5000 -r prod",
  ],
  ["ask again: mypaas cert retry a.test", "ask again: mypaas cert retry a.test -r prod"],
  ["set # mypaas.port = 80", "set # mypaas.port = 80"],
  ["run on the server: mypaas init --domain HOST", "run on the server: mypaas init --domain HOST"],
];

for (const [said, typed] of cases)
  test(`the way out "${said}" names the server that it is about`, () => {
    assert.equal(hintFor("prod", said), typed);
  });

test("what goes wrong names the server in its hint, and nothing else is touched", () => {
  const hint = "go back with: mypaas rollback web";
  const failed = { kind: "failed", message: "no", details: [], hint } as const;
  assert.deepEqual(eventFor("prod", failed), { ...failed, hint: `${hint} -r prod` });
  const warning = { kind: "warning", text: "mypaas push", hint } as const;
  assert.deepEqual(eventFor("prod", warning), { ...warning, hint: `${hint} -r prod` });
  const note = { kind: "note", text: hint } as const;
  assert.equal(eventFor("prod", note), note);
  const bare = { kind: "failed", message: "no", details: [] } as const;
  assert.equal(eventFor("prod", bare), bare);
});
