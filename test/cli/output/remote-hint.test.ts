import assert from "node:assert/strict";
import { test } from "node:test";
import { eventFor, hintFor } from "../../../src/cli/output/remote-hint.ts";
import { command, hint, hintFields, onServer, type Hint } from "../../../src/core/hints.ts";

const cases: readonly [said: Hint, typed: string][] = [
  [hint`push again: ${command("push")}`, "push again: mypaas push -r prod"],
  [
    hint`take it over: ${command("push --take-from blog")}, or wait`,
    "take it over: mypaas push --take-from blog -r prod, or wait",
  ],
  [hint`run: ${command("env web set A=… B=…")}`, "run: mypaas env web set A=… B=… -r prod"],
  [hint`see them: ${command("key list -r other")}`, "see them: mypaas key list -r other"],
  [hint`enrol it on the server: ${onServer("key add")}`, "enrol it on the server: mypaas key add"],
  [
    hint`look into it: ${command("exec web --replica N -- sh -r x")}`,
    "look into it: mypaas exec web --replica N -r prod -- sh -r x",
  ],
  [hint`see: ${command("key add --help")}`, "see: mypaas key add --help"],
  [hint`repair it: sudo ${command("init")}`, "repair it: sudo mypaas init"],
  [hint`look: ${command("remote list")}`, "look: mypaas remote list"],
  // As a server says it that knows no pieces.
  ["push again: mypaas push", "push again: mypaas push"],
];

for (const [said, typed] of cases)
  test(`a hint reads on a laptop: ${typed}`, () => {
    assert.equal(hintFor("prod", hintFields(said)).hint, typed);
  });

test("a failure or warning names the server in its hint, and nothing else is touched", () => {
  const fields = hintFields(hint`go back with: ${command("rollback web")}`);
  const named = hintFields(hint`go back with: ${command("rollback web -r prod")}`);
  const failed = { kind: "failed", message: "no", details: [], ...fields } as const;
  assert.deepEqual(eventFor("prod", failed), { ...failed, ...named });
  const warning = { kind: "warning", text: "mypaas push", ...fields } as const;
  assert.deepEqual(eventFor("prod", warning), { ...warning, ...named });
  const note = { kind: "note", text: "go back with: mypaas rollback web" } as const;
  assert.equal(eventFor("prod", note), note);
  const bare = { kind: "failed", message: "no", details: [] } as const;
  assert.deepEqual(eventFor("prod", bare), bare);
});

test("a hint of this host's own worker stays as it is", () => {
  const fields = hintFields(hint`push again: ${command("push")}`);
  const failed = { kind: "failed", message: "no", details: [], ...fields } as const;
  assert.equal(eventFor(undefined, failed), failed);
});
