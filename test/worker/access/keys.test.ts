import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { addKey, lastUses, removeKey } from "../../../src/adapters/state/keys.ts";
import type { StoredRequest } from "../../../src/adapters/state/requests.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import { acceptOnce } from "../../../src/worker/accept/accept-once.ts";
import { enrol, keyInfos, revoke } from "../../../src/worker/access/key-actions.ts";
import { guardOf, requestOfToken, whileAllowed } from "../../../src/worker/access/tokens.ts";
import { softKey } from "../../support/signed.ts";
import { refusal, scratchState } from "../../support/worker.ts";

const minute = 60_000;
const start = Date.UTC(2026, 10, 21, 12);

function opened(t: TestContext) {
  const state = scratchState(t);
  let time = start;
  const now = () => time;
  let written = 0;
  const keysChanged = async () => {
    written += 1;
  };
  const parts = { state, now, keysChanged };
  const makeKey = (options = "", name = "ci") => {
    const line = `${options}${options === "" ? "" : " "}${softKey().line.replace(/ test$/, ` ${name}`)}`;
    const key = parseKeyLine(line);
    if (typeof key === "string") throw new Error(key);
    addKey(state, { fingerprint: key.fingerprint, line, now: start, by: "root" });
    return key;
  };
  let count = 0;
  const ask = (key: string, more: Partial<StoredRequest> = {}) => {
    count += 1;
    const stored: StoredRequest = {
      id: createHash("sha256").update(String(count)).digest("hex"),
      action: "push",
      service: "web",
      key,
      accepted: now(),
      expires: now() + 1000 * minute,
      tokenHash: createHash("sha256").update("token").digest("hex"),
      content: "",
      job: undefined,
      ...more,
    };
    acceptOnce(state, stored, undefined);
    return stored;
  };
  const use = ({ id }: StoredRequest) =>
    requestOfToken(state, { request: id, token: "token", now: now() });
  return {
    parts,
    state,
    makeKey,
    ask,
    use,
    now,
    later: (ms: number) => void (time += ms),
    written: () => written,
  };
}

test("the last use of a key is the last request that was accepted with it, written once a minute", (t) => {
  const { parts, state, makeKey, ask, later } = opened(t);
  const key = makeKey();
  const used = () => lastUses(state).get(key.fingerprint);
  assert.equal(keyInfos(parts)[0]?.lastUsed, undefined);
  ask(key.fingerprint);
  assert.equal(used(), start);
  later(minute - 1);
  ask(key.fingerprint);
  assert.equal(used(), start);
  later(1);
  const first = ask(key.fingerprint);
  assert.equal(used(), start + minute);
  later(minute);
  assert.throws(() => acceptOnce(state, first, undefined), /already accepted/);
  assert.equal(used(), start + minute);
  ask("root");
  assert.equal(keyInfos(parts)[0]?.lastUsed, start + minute);
});

test("removing a key revokes the tokens of its requests", async (t) => {
  const { parts, makeKey, ask, use, written } = opened(t);
  const [key, other] = [makeKey("", "ci"), makeKey("", "ann")];
  const [mine, theirs, roots] = [ask(key.fingerprint), ask(other.fingerprint), ask("root")];
  assert.equal(use(mine).id, mine.id);
  await revoke(parts, key.fingerprint, "root");
  assert.equal(written(), 1);
  assert.equal(
    await refusal(() => use(mine)),
    `key ${key.fingerprint}: not enrolled on this server any more\nhint: choose another key: mypaas push --key FILE`,
  );
  assert.equal(use(theirs).id, theirs.id);
  assert.equal(use(roots).id, roots.id);
});

test("a token has the current rights of its key: with new options or after expiry it is refused", async (t) => {
  const { parts, state, makeKey, ask, use, later } = opened(t);
  const key = makeKey("expires=2026-11-22", "ci");
  const { fingerprint } = key;
  const request = ask(fingerprint);
  assert.equal(use(request).id, request.id);
  removeKey(state, fingerprint);
  const bare = key.line.replace("expires=2026-11-22 ", "");
  await enrol(parts, `services="blog" ${bare}`, "root");
  assert.match(
    await refusal(() => use(request)),
    /^key ci: not allowed: push web \(its services are blog\)/,
  );
  removeKey(state, fingerprint);
  await enrol(parts, key.line, "root");
  later(12 * 60 * minute - 1);
  assert.equal(use(request).id, request.id);
  later(1);
  assert.match(await refusal(() => use(request)), /^key ci: expired on 2026-11-22/);
});

test("an open stream ends when its key is removed", async (t) => {
  const { parts, state, makeKey, ask, now } = opened(t);
  const key = makeKey();
  const request = ask(key.fingerprint);
  const seen: number[] = [];
  async function* lines() {
    for (const line of [1, 2, 3]) {
      if (line === 3) await revoke(parts, key.fingerprint, "root");
      yield line;
    }
  }
  const words = await refusal(async () => {
    for await (const line of whileAllowed(lines(), guardOf(state, request, now))) seen.push(line);
  });
  assert.match(words, /not enrolled on this server any more/);
  assert.deepEqual(seen, [1, 2]);
});

test("a key can be removed by name, unless two keys have it or it is another's fingerprint", async (t) => {
  const { parts, makeKey } = opened(t);
  const [ci, ann] = [makeKey("", "ci"), makeKey("", "ann")];
  const trap = makeKey("", ann.fingerprint);
  assert.equal((await revoke(parts, "ci", "root")).fingerprint, ci.fingerprint);
  assert.equal((await revoke(parts, ann.fingerprint, "root")).fingerprint, ann.fingerprint);
  const [one, two] = [makeKey("", "twin"), makeKey("", "twin")];
  assert.equal(
    await refusal(() => revoke(parts, "twin", "root")),
    `key twin: 2 keys have this name: ${one.fingerprint}, ${two.fingerprint}\nhint: use a fingerprint: mypaas key remove ${one.fingerprint}`,
  );
  assert.equal(
    await refusal(() => revoke(parts, "ci", "root")),
    "key ci: not enrolled\nhint: list the keys: mypaas key list",
  );
  assert.deepEqual(
    keyInfos(parts).map(({ fingerprint }) => fingerprint),
    [trap, one, two].map(({ fingerprint }) => fingerprint),
  );
});
