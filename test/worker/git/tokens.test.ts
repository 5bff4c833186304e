import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createLoginTokens } from "../../../src/worker/git/tokens.ts";

test("a token of a login is good once, for its key, for a minute", () => {
  let now = 0;
  const tokens = createLoginTokens(() => now, randomBytes);
  const [one, two, late] = [tokens.make("ann"), tokens.make("bob"), tokens.make("late")];
  assert.match(one, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(tokens.use("x".repeat(43)), undefined);
  assert.equal(tokens.use(one), "ann");
  assert.equal(tokens.use(one), undefined);
  now = 59_999;
  assert.equal(tokens.use(two), "bob");
  now = 60_000;
  assert.equal(tokens.use(late), undefined);
});

test("strangers who offer keys without end use up no memory, only older tokens", () => {
  const tokens = createLoginTokens(() => 0, randomBytes);
  const first = tokens.make("first");
  const all = Array.from({ length: 2000 }, () => tokens.make("other"));
  assert.equal(tokens.use(first), undefined);
  assert.equal(tokens.use(all.at(-1) ?? ""), "other");
});
