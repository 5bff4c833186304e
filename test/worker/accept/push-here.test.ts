import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { test, type TestContext } from "node:test";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import { realClock } from "../../../src/adapters/clock.ts";
import { openBlobStore } from "../../../src/adapters/host/blob-store.ts";
import { unfinishedJobs } from "../../../src/adapters/state/jobs.ts";
import { addKey, removeKey } from "../../../src/adapters/state/keys.ts";
import { requestBody } from "../../../src/adapters/state/requests.ts";
import { createPushes } from "../../../src/worker/accept/pushes.ts";
import { followPush, pushHere } from "../../../src/worker/accept/push-here.ts";
import { createJobLog } from "../../../src/worker/jobs/job-log.ts";
import { createQueue } from "../../../src/worker/jobs/queue.ts";
import { queuedKindsOf, unchanged } from "../../support/queued-kind.ts";
import { softKey } from "../../support/signed.ts";
import { refusal, scratch, scratchState } from "../../support/worker.ts";

const server = "0123456789abcdef";
const sha = (text: string) => createHash("sha256").update(text).digest("hex");

function open(
  t: TestContext,
  perform: Parameters<typeof queuedKindsOf>[0] = async () => unchanged,
) {
  const dir = scratch(t);
  const state = scratchState(t);
  const now = () => Date.UTC(2026, 10, 21, 12);
  const log = createJobLog({ state, now });
  const store = openBlobStore({ dir: `${dir}/blobs`, freeBytes: async () => 1e12 });
  const queue = createQueue({
    state,
    log,
    clock: realClock(now),
    kindOf: queuedKindsOf(perform),
    secretsOf: () => [],
    still: () => "nothing runs under web yet",
    onEnd: () => {},
    limit: 1,
  });
  const pushes = createPushes({
    state,
    store,
    config: { domain: "paas.example.com" },
    queue,
    take: () => Promise.reject(new Error("nothing is in a spool")),
  });
  const enrol = (options = "") => {
    const line = `${options}${softKey().line}`;
    const key = parseKeyLine(line);
    if (typeof key === "string") throw new Error(key);
    addKey(state, { fingerprint: key.fingerprint, line, now: now(), by: "init" });
    return key.fingerprint;
  };
  const taken: string[] = [];
  const push = (key: string, service: string, text = "FROM x") =>
    pushHere(
      { state, pushes, log, now, random: randomBytes, server },
      {
        key,
        service,
        push: {
          dockerfile: "Dockerfile",
          entries: [{ path: "Dockerfile", mode: 0o644, size: text.length, sha256: sha(text) }],
          options: { pull: false, noCache: false },
        },
        take: async (wanted) => {
          taken.push(wanted.sha256);
          await store.put(
            wanted,
            (async function* bytes() {
              yield Buffer.from(text);
            })(),
          );
        },
      },
    );
  return { state, store, queue, enrol, push, taken };
}

const { signal } = new AbortController();

test("a push that begins on the server becomes a job of its key, with its blobs in the store", async (t) => {
  const { state, store, queue, enrol, push, taken } = open(t);
  const key = enrol();
  const begun = await push(key, "web");
  assert.equal(begun.attached, false);
  const [job] = unfinishedJobs(state, "web");
  assert.equal(job?.key, key);
  assert.deepEqual(taken, [sha("FROM x")]);
  const bytes = await buffer(store.open({ sha256: sha("FROM x"), size: 6 }));
  assert.equal(bytes.toString(), "FROM x");
  const body = JSON.parse(Buffer.from(requestBody(state, job?.request ?? "") ?? "").toString());
  assert.deepEqual([body.action, body.service, body.server], ["push", "web", server]);
  await queue.recover(async () => undefined);
  const said: string[] = [];
  const end = await followPush(begun, signal, (line) => said.push(line));
  assert.equal(end.isLive, true);
  assert.equal(said.at(-1), end.text);
});

test("a second push of the same follows the job that does it, and takes no blob again", async (t) => {
  const { queue, enrol, push, taken } = open(t);
  const key = enrol();
  const first = await push(key, "web");
  const second = await push(key, "web");
  assert.deepEqual([second.job, second.attached], [first.job, true]);
  assert.equal(taken.length, 1);
  await queue.recover(async () => undefined);
  const said: string[] = [];
  await followPush(second, signal, (line) => said.push(line));
  assert.equal(said[0], `job ${first.job} is already running, following it`);
});

test("a push on the server has the rights of its key, and none without one", async (t) => {
  const { state, enrol, push } = open(t);
  const limited = enrol('services="blog" ');
  assert.match(await refusal(() => push(limited, "web")), /not allowed: push web/);
  const key = enrol();
  removeKey(state, key);
  assert.match(
    await refusal(() => push(key, "web")),
    /^key SHA256:.*: not enrolled on this server/,
  );
  assert.deepEqual(unfinishedJobs(state), []);
});

test("a key that is removed meanwhile sees no more of its push", async (t) => {
  const { state, enrol, push } = open(t);
  const key = enrol();
  const begun = await push(key, "web");
  removeKey(state, key);
  assert.match(
    await refusal(() => followPush(begun, signal)),
    /not enrolled on this server any more/,
  );
});

test("blobs with other bytes end a push on the server before there is a job", async (t) => {
  const { state, enrol, push } = open(t);
  const key = enrol();
  const begun = push(key, "web", "FROM é");
  assert.match(await refusal(() => begun), /damaged/);
  assert.deepEqual(unfinishedJobs(state), []);
});

test("a push on the server that fails says the error, its evidence once and what still runs", async (t) => {
  const { queue, enrol, push } = open(t, async (_job, say) => {
    say({ kind: "build", text: "npm ERR! \u001b[31mno\u001b[0m" });
    throw new Error("no");
  });
  const key = enrol();
  const begun = await push(key, "web");
  await queue.recover(async () => undefined);
  const said: string[] = [];
  const end = await followPush(begun, signal, (line) => said.push(line));
  assert.equal(end.isLive, false);
  assert.match(end.text, /^error: bug: no/);
  assert.ok(said.includes("  npm ERR! no"));
  assert.ok(said.includes("nothing runs under web yet"));
});
