import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test, type TestContext } from "node:test";
import { realClock } from "../../../src/adapters/clock.ts";
import { addKey, removeKey } from "../../../src/adapters/state/keys.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { actions, type Action } from "../../../src/core/actions/actions.ts";
import { UserError } from "../../../src/core/errors.ts";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import type { Grant } from "../../../src/core/wire/grant.ts";
import { createApiDoor, type ApiDoorParts } from "../../../src/worker/accept/api-door.ts";
import { createJobLog } from "../../../src/worker/jobs/job-log.ts";
import { createQueue } from "../../../src/worker/jobs/queue.ts";
import { queuedKindsOf, type unchanged } from "../../support/queued-kind.ts";
import { actionNames, samples } from "../../support/rights-matrix.ts";
import { softKey } from "../../support/signed.ts";
import { grant, tokenOf } from "../../support/tokens.ts";
import { scratchState } from "../../support/worker.ts";

const start = Date.UTC(2026, 10, 28, 12);
const everything = ["push", "env", "logs", "manage"] as const;

function opened(t: TestContext, options = "") {
  const state = scratchState(t);
  let time = start;
  const now = () => time;
  const log = createJobLog({ state, now });
  const never = new Promise<typeof unchanged>(() => {});
  const queue = createQueue({
    state,
    log,
    clock: realClock(now),
    kindOf: queuedKindsOf(async () => never),
    secretsOf: () => [],
    still: () => "",
    onEnd: () => {},
    limit: 1,
  });
  for (const name of ["web", "blog"]) ensureService(state, { name, slug: name, now: start });
  const soft = softKey();
  const line = `${options}${options === "" ? "" : " "}${soft.line}`;
  const key = parseKeyLine(line);
  if (typeof key === "string") throw new Error(key);
  addKey(state, { fingerprint: key.fingerprint, line, now: start, by: "root" });
  const parts = {
    state,
    log,
    queue,
    now,
    server: grant().server,
    streams: { check: () => undefined },
    actions: { state, now, random: randomBytes, examine: async () => "examined" },
  } as unknown as ApiDoorParts;
  const door = createApiDoor(parts);
  const token = (change: Partial<Grant> = {}) =>
    tokenOf(soft, { services: ["*"], actions: everything, ...change });
  const perform = async (action: Action, change: Partial<Grant> = {}, repeatKey?: string) => {
    try {
      return await door.perform(token(change), { action, repeatKey });
    } catch (error) {
      if (error instanceof UserError) return error.code;
      throw error;
    }
  };
  const later = (ms: number) => void (time += ms);
  return { door, token, perform, later, state, key };
}

const restart = { action: "restart", service: "web" } as const;

test("no token reaches keys, tokens, registries, own certificates or programs, whatever it says", async (t) => {
  const { perform } = opened(t);
  const never = actionNames.filter((name) => !("byGrant" in actions[name]));
  for (const name of never) assert.equal(await perform(samples[name]("web")), "forbidden", name);
  for (const name of ["key.add", "token.list", "registry.login", "cert.add", "run", "exec"])
    assert.ok(
      never.some((one) => one === name),
      name,
    );
});

test("a token does what both it and its key allow", async (t) => {
  const cases: readonly (readonly [string, Partial<Grant>, Action, unknown])[] = [
    ["", {}, restart, { job: 1 }],
    ["", { access: "read" }, restart, "forbidden"],
    ["", { actions: ["push"] }, restart, "forbidden"],
    ["", { services: ["blog"] }, restart, "forbidden"],
    ["", { expires: start - 1 }, restart, "bad-token"],
    ["", { server: "ffffffffffffffff" }, restart, "bad-token"],
    ['actions="logs"', {}, restart, "forbidden"],
    ['services="blog"', {}, restart, "forbidden"],
    ['services="web"', {}, restart, { job: 1 }],
    ["", {}, { action: "doctor" }, { result: "examined" }],
    ["", { services: ["web"] }, { action: "doctor" }, "forbidden"],
  ];
  for (const [options, change, action, wanted] of cases) {
    const words = `${options} ${JSON.stringify(change)} ${action.action}`;
    assert.deepEqual(await opened(t, options).perform(action, change), wanted, words);
  }
});

test("a word of the client makes the same request once, and another request with it is refused", async (t) => {
  const { perform } = opened(t);
  assert.deepEqual(await perform(restart, {}, "one"), { job: 1 });
  assert.deepEqual(await perform(restart, {}, "one"), { job: 1, attached: true });
  assert.equal(await perform({ action: "stop", service: "web" }, {}, "one"), "repeated");
  const other = { id: "ffffffffffffffff" };
  assert.deepEqual(await perform({ ...restart, service: "blog" }, other, "one"), { job: 2 });
});

test("the log of a job ends for a token that ends, and for one whose key is removed", async (t) => {
  for (const end of [
    ({ later }: ReturnType<typeof opened>) => later(60 * 24 * 60 * 60_000),
    ({ state, key }: ReturnType<typeof opened>) => removeKey(state, key.fingerprint),
  ]) {
    const all = opened(t);
    const { door, token, perform } = all;
    await perform(restart);
    const { signal } = new AbortController();
    const log = await door.events(token(), { action: "job.log", job: 1 }, 0, signal);
    end(all);
    await assert.rejects(async () => {
      for await (const event of log) assert.fail(event.kind);
    }, UserError);
  }
});
