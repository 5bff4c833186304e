import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { longApiBase } from "../../src/core/api/endpoint.ts";
import { parseAuthorizedKeys } from "../../src/core/ssh/authorized-keys.ts";
import { apiPassage } from "../../src/receiver/api/api.ts";
import { createTokenCheck } from "../../src/receiver/token-check.ts";
import { softKey } from "../support/signed.ts";
import { grant, tokenOf } from "../support/tokens.ts";
import { emptyDir, stoppedClock } from "../support/wire.ts";

/** The receiver's side of the API, with a worker that tells what reached it. */
async function opened(t: TestContext) {
  const socketPath = join(await emptyDir(t), "receiver.sock");
  const asked: unknown[] = [];
  const worker = createServer((request, response) => {
    const { method, url, headers } = request;
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      asked.push({ method, url, body, accept: headers.accept, cookie: headers.cookie });
      response.writeHead(202, {
        "content-type": "application/json",
        location: "/api/v1/jobs/7",
        "set-cookie": "a=b",
      });
      response.end('{"job":7}');
    });
  });
  worker.listen(socketPath);
  await once(worker, "listening");
  t.after(() => worker.close().closeAllConnections());
  const key = softKey();
  const clock = stoppedClock();
  const now = () => Date.UTC(2026, 10, 28);
  const keys = async () => parseAuthorizedKeys(key.line).keys;
  const check = createTokenCheck({ keys, server: grant().server, now });
  const onBug = (error: unknown) => assert.fail(String(error));
  const serve = apiPassage({ check, socketPath, clock, onBug });
  const ask = async (path: string, token: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (token !== "") headers.set("authorization", `Bearer ${token}`);
    return serve(new Request(`http://x${path}`, { ...init, headers }));
  };
  return { ask, asked, token: tokenOf(key), key };
}

test("a request with a token reaches the worker as it came, but for headers that it has no use for", async (t) => {
  const { ask, asked, token } = await opened(t);
  const path = `${longApiBase}/services/web/restart?x=1`;
  const headers = { cookie: "a=b", accept: "application/json" };
  const answer = await ask(path, token, { method: "POST", body: "{}", headers });
  assert.equal(answer.status, 202);
  assert.deepEqual(await answer.json(), { job: 7 });
  assert.equal(answer.headers.get("location"), `${longApiBase}/jobs/7`);
  assert.equal(answer.headers.get("set-cookie"), null);
  const url = "/api/v1/services/web/restart?x=1";
  const accept = "application/json";
  assert.deepEqual(asked, [{ method: "POST", url, body: "{}", accept, cookie: undefined }]);
});

test("without a token of an enrolled key the worker is not asked, and many wrong ones are slowed down", async (t) => {
  const { ask, asked, token, key } = await opened(t);
  const wrong = [
    "",
    "mpg_x.y",
    tokenOf(softKey()),
    tokenOf(key, { expires: 1 }),
    tokenOf(key, { server: "ffffffffffffffff" }),
    tokenOf(key, {}, "mypaas@v1"),
  ];
  for (const one of wrong) assert.equal((await ask("/api/v1/services", one)).status, 401, one);
  assert.equal((await ask("/api/v1/services?token=" + token, "")).status, 401);
  for (let more = 0; more < 60; more += 1)
    await ask("/api/v1/services", tokenOf(key, {}, "mypaas@v1"));
  assert.equal((await ask("/api/v1/services", token)).status, 429);
  assert.deepEqual(asked, []);
});

test("a body that is too large does not reach the worker", async (t) => {
  const { ask, asked, token } = await opened(t);
  const body = "x".repeat(3 * 1024 * 1024);
  const answer = await ask("/api/v1/services/web/env", token, { method: "POST", body });
  assert.deepEqual([answer.status, asked.length], [413, 0]);
});
