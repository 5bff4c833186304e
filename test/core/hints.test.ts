import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/core/errors.ts";
import { command, hint, hintFields, hintOf, hintText, onServer } from "../../src/core/hints.ts";
import { readHint } from "../../src/core/read-hint.ts";

test("a hint is text and commands in turn, beginning with text", () => {
  assert.deepEqual(hint`push again: ${command("push")}`, ["push again: ", "mypaas push"]);
  assert.deepEqual(hint`${command("push")}`, ["", "mypaas push"]);
  assert.deepEqual(hint`wait ${2} s`, ["wait 2 s"]);
  const inner = hint`see it with: ${command("cert")}`;
  assert.deepEqual(hint`${"a"}; ${inner}; b`, ["a; see it with: ", "mypaas cert", "; b"]);
});

test("a command for the server is text", () => {
  assert.deepEqual(hint`enrol it on the server: ${onServer("key add")}`, [
    "enrol it on the server: mypaas key add",
  ]);
});

test("its pieces joined are the whole hint, which an error and its fields have too", () => {
  const parts = hint`go back with: ${command("rollback web")}, or wait`;
  const whole = "go back with: mypaas rollback web, or wait";
  assert.equal(hintText(parts), whole);
  const error = new UserError("no", { hint: parts });
  assert.deepEqual(hintFields(hintOf(error)), { hint: whole, hintParts: parts });
  assert.deepEqual(hintFields("wait"), { hint: "wait" });
  assert.deepEqual(hintFields(hintOf(new UserError("no"))), {});
});

test("fields from elsewhere are read with or without pieces, and made safe", () => {
  assert.equal(readHint({ hint: "push\u001b[2J again" }), "push again");
  assert.deepEqual(readHint({ hint: "a mypaas push", hintParts: ["a ", "mypaas push"] }), [
    "a ",
    "mypaas push",
  ]);
  assert.equal(readHint({ hint: "a mypaas push", hintParts: ["a ", "rm -r /"] }), "a mypaas push");
  assert.equal(readHint({ hintParts: ["a"] }), undefined);
  assert.equal(readHint({ hint: 7 }), undefined);
});
