import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { addKey, removeKey } from "../../../src/adapters/state/keys.ts";
import { forgetGrants } from "../../../src/adapters/state/grants.ts";
import { UserError } from "../../../src/core/errors.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import type { Grant } from "../../../src/core/wire/grant.ts";
import { callerOfToken, listTokens, revokeToken } from "../../../src/worker/access/grants.ts";
import { softKey } from "../../support/signed.ts";
import { grant, tokenOf } from "../../support/tokens.ts";
import { scratchState } from "../../support/worker.ts";

function refusal(call: () => unknown): UserError {
  try {
    call();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const start = Date.UTC(2026, 10, 28, 12);

function opened(t: TestContext) {
  const state = scratchState(t);
  let time = start;
  const parts = { state, now: () => time, server: grant().server };
  const enrol = (options = "", name = "ann") => {
    const soft = softKey();
    const line = `${options}${options === "" ? "" : " "}${soft.line.replace(/ test$/, ` ${name}`)}`;
    const key = parseKeyLine(line);
    if (typeof key === "string") throw new Error(key);
    addKey(state, { fingerprint: key.fingerprint, line, now: start, by: "root" });
    const use = (change: Partial<Grant> = {}) => callerOfToken(parts, tokenOf(soft, change));
    return { key, use };
  };
  return { ...parts, parts, enrol, later: (ms: number) => void (time += ms) };
}

test("a token that was used is listed until it ends, without the token", (t) => {
  const { parts, state, enrol, later } = opened(t);
  const ann = enrol();
  assert.deepEqual(listTokens(parts, "root"), []);
  ann.use();
  later(30_000);
  ann.use();
  const { v: _, server: _server, created: _created, ...shown } = grant();
  assert.deepEqual(listTokens(parts, ann.key), [
    { ...shown, by: "ann", lastUsed: start, state: "valid" },
  ]);
  later(60_000);
  ann.use();
  assert.equal(listTokens(parts, ann.key)[0]?.lastUsed, start + 90_000);
  removeKey(state, ann.key.fingerprint);
  assert.equal(refusal(() => ann.use()).code, "unknown-key");
  assert.deepEqual(
    listTokens(parts, "root").map((one) => [one.by, one.state]),
    [[ann.key.fingerprint, "key removed"]],
  );
  later(grant().expires);
  forgetGrants(state, parts.now());
  assert.deepEqual(listTokens(parts, "root"), []);
});

test("a revoked token is refused, by its id or its name", (t) => {
  const { parts, enrol } = opened(t);
  const ann = enrol();
  ann.use();
  assert.deepEqual(revokeToken(parts, { token: "ci" }, ann.key), { id: grant().id, name: "ci" });
  const refused = refusal(() => ann.use());
  assert.equal(refused.message, "token ci: was revoked");
  assert.equal(refused.hint, "make another: mypaas token create");
  assert.equal(listTokens(parts, ann.key)[0]?.state, "revoked");
  const other = { id: "aa".repeat(8), name: "other" };
  ann.use(other);
  // One that was never used, by what the token itself says.
  const unused = { token: "bb".repeat(8), expires: grant().expires };
  assert.deepEqual(revokeToken(parts, unused, ann.key), { id: unused.token });
  assert.equal(refusal(() => ann.use({ id: unused.token })).message, "token ci: was revoked");
});

test("a key revokes its own tokens only, one that manages keys and root all", (t) => {
  const { parts, enrol } = opened(t);
  const ann = enrol();
  const bob = enrol('actions="push"', "bob");
  ann.use();
  assert.deepEqual(listTokens(parts, bob.key), []);
  assert.deepEqual(
    refusal(() => revokeToken(parts, { token: "ci" }, bob.key)).message,
    "token ci: no token of this name was used here",
  );
  revokeToken(parts, { token: grant().id }, bob.key);
  ann.use();
  bob.use({ id: "cc".repeat(8), name: "bobs" });
  assert.equal(listTokens(parts, ann.key).length, 2);
  revokeToken(parts, { token: "bobs" }, ann.key);
  assert.equal(
    refusal(() => bob.use({ id: "cc".repeat(8), name: "bobs" })).message,
    "token bobs: was revoked",
  );
  revokeToken(parts, { token: grant().id }, "root");
  assert.equal(refusal(() => ann.use()).message, "token ci: was revoked");
});

test("two tokens of one name are told apart by id", (t) => {
  const { parts, enrol } = opened(t);
  const ann = enrol();
  ann.use({ id: "aa".repeat(8) });
  ann.use({ id: "bb".repeat(8) });
  const refused = refusal(() => revokeToken(parts, { token: "ci" }, ann.key));
  assert.match(refused.message, /^token ci: 2 tokens have this name: [ab]{16}, [ab]{16}$/);
  assert.equal(refused.hint, "name its id, or give the whole token: mypaas token list");
});
