import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { openSpool } from "../../src/adapters/spool/spool.ts";
import { parseAuthorizedKeys } from "../../src/core/ssh/authorized-keys.ts";
import { UserError } from "../../src/core/errors.ts";
import { hashToken, requestId } from "../../src/core/wire/request.ts";
import { wireBase, type Accepted } from "../../src/core/wire/protocol.ts";
import type { Backend } from "../../src/core/wire/routes.ts";
import { createGate } from "../../src/receiver/gate.ts";
import { receiverApp } from "../../src/receiver/receiver-app.ts";
import { requestBytes, softKey } from "../support/signed.ts";
import { blobOf, emptyDir, refusingBackend, stoppedClock, tarOf } from "../support/wire.ts";

const server = "0123456789abcdef";
const blob = blobOf("hello");

async function receiver(t: TestContext) {
  const [key, colleague] = [softKey(), softKey()];
  const clock = stoppedClock();
  const asked: string[] = [];
  const tokens = new Map<string, string>();
  const status = async (request: string, token: string): Promise<Accepted> => {
    asked.push("status");
    if (tokens.get(request) !== hashToken(token))
      throw new UserError("token: not known", { code: "unauthorized" });
    return { request, missing: [blob] };
  };
  const upstream: Backend = {
    ...refusingBackend,
    status,
    accept: async (body) => {
      asked.push("accept");
      const { tokenHash } = JSON.parse(Buffer.from(body).toString()) as { tokenHash: string };
      tokens.set(requestId(body), tokenHash);
      return { request: requestId(body), missing: [blob] };
    },
    start: async (request) => ({ request, missing: [], job: 1 }),
  };
  const spool = await openSpool({ dir: await emptyDir(t), limits: { reserve: 0 } });
  const keys = async () => parseAuthorizedKeys(`${key.line}\n${colleague.line}`).keys;
  const onBug = (error: unknown) => assert.fail(String(error));
  const gate = createGate({ keys, server, now: clock.now });
  const open = () => receiverApp({ gate, upstream, spool, clock, onBug });
  let app = open();
  const restart = () => void (app = open());
  const ask = async (path: string, init: RequestInit) => {
    const answer = await app.request(wireBase + path, init);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  const post = (body: string, signature: Uint8Array) =>
    ask("/requests", {
      method: "POST",
      body,
      headers: { "mypaas-signature": Buffer.from(signature).toString("base64") },
    });
  const put = async (id: string, token: string) =>
    ask(`/requests/${id}/blobs`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}` },
      body: await tarOf([{ name: blob.sha256, data: "hello" }]),
    });
  const fresh = () => requestBytes(server, clock.now(), { action: "key.list" });
  return { key, colleague, asked, ask, post, put, fresh, restart, clock };
}

const codeOf = ({ status, body }: { status: number; body: Record<string, unknown> }) => [
  status,
  (body["error"] as { code?: string } | undefined)?.code,
];

test("a signed request is passed on, and its uploads are taken without asking the worker again", async (t) => {
  const { key, asked, post, put, fresh } = await receiver(t);
  const { body, token } = fresh();
  const id = requestId(Buffer.from(body));
  assert.equal((await post(body, key.sign(body))).status, 200);
  assert.deepEqual(await put(id, token), { status: 200, body: { received: [blob.sha256] } });
  assert.deepEqual(asked, ["accept"]);
});

test("after a restart the worker is asked once whether the token opens the request", async (t) => {
  const { key, asked, post, put, fresh, restart } = await receiver(t);
  const { body, token } = fresh();
  const id = requestId(Buffer.from(body));
  await post(body, key.sign(body));
  restart();
  assert.equal((await put(id, token)).status, 200);
  assert.equal((await put(id, token)).status, 200);
  assert.deepEqual(asked, ["accept", "status"]);
});

test("another request's token opens nothing, known here or not", async (t) => {
  const { key, post, put, fresh, restart } = await receiver(t);
  const [one, two] = [fresh(), fresh()];
  await post(one.body, key.sign(one.body));
  await post(two.body, key.sign(two.body));
  const id = requestId(Buffer.from(one.body));
  assert.deepEqual(codeOf(await put(id, two.token)), [401, "unauthorized"]);
  restart();
  assert.deepEqual(codeOf(await put(id, two.token)), [401, "unauthorized"]);
});

test("what the worker would refuse does not reach it", async (t) => {
  const { key, asked, post, fresh, clock } = await receiver(t);
  const { body } = fresh();
  const signature = key.sign(body);
  const other = requestBytes("ffffffffffffffff", clock.now(), { action: "key.list" }).body;
  const old = requestBytes(server, clock.now() - 400_000, { action: "key.list" }).body;
  for (const [expected, given] of [
    [[401, "unknown-key"], post(body, softKey().sign(body))],
    [[401, "bad-signature"], post(`${body} `, signature)],
    [[401, "bad-signature"], post(body, Buffer.from("SSHSIG"))],
    [[400, "wrong-server"], post(other, key.sign(other))],
    [[400, "clock"], post(old, key.sign(old))],
    [[400, "bad-request"], post("{}", key.sign("{}"))],
  ] as const)
    assert.deepEqual(codeOf(await given), expected);
  assert.deepEqual(asked, []);
});

test("60 false signatures of a key in a minute close the gate to that key for the rest of it", async (t) => {
  const { key, colleague, post, fresh, clock } = await receiver(t);
  const { body } = fresh();
  for (let time = 0; time < 60; time += 1)
    assert.deepEqual(codeOf(await post("x", key.sign(body))), [401, "bad-signature"]);
  assert.equal((await post(body, colleague.sign(body))).status, 200);
  assert.deepEqual((await post(body, key.sign(body))).body, {
    error: {
      code: "too-many",
      message: "signature: too many have failed in the last minute",
      hint: "try again in a minute: mypaas push",
      hintParts: ["try again in a minute: ", "mypaas push"],
    },
  });
  await clock.pass(60_000);
  assert.equal((await post(body, key.sign(body))).status, 200);
});

test("a stranger's signatures do not close the gate for others", async (t) => {
  const { key, post, fresh } = await receiver(t);
  const { body } = fresh();
  const stranger = softKey();
  for (let time = 0; time < 100; time += 1)
    assert.deepEqual(codeOf(await post("x", stranger.sign(body))), [401, "unknown-key"]);
  assert.equal((await post(body, key.sign(body))).status, 200);
});
