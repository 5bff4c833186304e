import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import type { LoggedEvent } from "../../../src/core/wire/events.ts";
import { maxRequestBytes, wireBase } from "../../../src/core/wire/protocol.ts";
import { bearer, log, refused, request, serve, slowBody } from "../../support/wire-app.ts";
import { blobOf, fakeBackend, settle } from "../../support/wire.ts";

test("a request reaches the backend as the bytes and the signature that were sent", async (t) => {
  const { ask, calls } = await serve(t);
  const headers = { "mypaas-signature": Buffer.from("signed").toString("base64") };
  const answer = await ask("/requests", { method: "POST", body: '{"v": 1}', headers });
  assert.deepEqual(answer, { status: 200, body: { request, missing: [] } });
  assert.deepEqual(calls, [["accept", '{"v": 1}', "signed"]]);
});

test("a signature is asked for where one is required, and ignored where not", async (t) => {
  const strict = await serve(t);
  assert.deepEqual(
    await strict.ask("/requests", { method: "POST", body: "x" }),
    refused(401, "unauthorized", "request: carries no signature"),
  );
  const headers = { "mypaas-signature": "no base64!" };
  assert.deepEqual(
    await strict.ask("/requests", { method: "POST", body: "x", headers }),
    refused(400, "bad-request", "mypaas-signature: should be base64"),
  );
  const local = await serve(t, [], { requireSignature: false });
  await local.ask("/requests", { method: "POST", body: "x", headers });
  assert.deepEqual(local.calls, [["accept", "x", undefined]]);
  assert.deepEqual(strict.calls, []);
});

test("a body is counted while it arrives, whatever its headers say", async (t) => {
  const { ask } = await serve(t, [], { requireSignature: false });
  const piece = new Uint8Array(1024 * 1024);
  const { init } = slowBody(...Array.from({ length: 17 }, () => piece));
  assert.deepEqual(
    await ask("/requests", { method: "POST", ...init }),
    refused(413, "too-large", `body: larger than ${maxRequestBytes} bytes`),
  );
});

test("bodies that arrive at the same time share one limit, which is given back", async (t) => {
  const { ask } = await serve(t, [], { requireSignature: false });
  const piece = new Uint8Array(15 * 1024 * 1024);
  const slow = [slowBody(piece), slowBody(piece)];
  const waiting = slow.map(({ init }) => ask("/requests", { method: "POST", ...init }));
  await settle();
  assert.deepEqual(
    await ask("/requests", { method: "POST", body: new Uint8Array(3 * 1024 * 1024) }),
    refused(503, "busy", "server: too many requests at once"),
  );
  for (const { fail } of slow) fail();
  for (const answer of await Promise.all(waiting))
    assert.deepEqual(answer, refused(400, "bad-request", "upload: cut off in the middle"));
  const after = await ask("/requests", { method: "POST", body: piece });
  assert.equal(after.status, 200);
});

test("a sender that stalls is dropped after 30 s, also when it drips", async (t) => {
  const { ask, clock } = await serve(t, [], { requireSignature: false });
  const answer = ask("/requests", { method: "POST", ...slowBody("x").init });
  await clock.pass(29_999);
  await clock.pass(1);
  assert.deepEqual(await answer, {
    status: 408,
    body: {
      error: {
        code: "stalled",
        message: "upload: fewer than 16384 bytes arrived in 30 s",
        hint: "push again; received bytes are kept: mypaas push",
        hintParts: ["push again; received bytes are kept: ", "mypaas push"],
      },
    },
  });
});

test("everything after the first answer needs the bearer token", async (t) => {
  const blob = blobOf("hello");
  const { ask, path } = await serve(t, [blob]);
  for (const [method, tail] of [
    ["GET", ""],
    ["POST", "/start"],
    ["GET", "/events"],
    ["PUT", "/blobs"],
    ["GET", `/blobs/${blob.sha256}`],
    ["PUT", `/blobs/${blob.sha256}`],
  ] as const) {
    assert.deepEqual(
      await ask(path + tail, { method }),
      refused(401, "unauthorized", "request: carries no bearer token"),
    );
    const wrong = { authorization: "Bearer of-another-request-0000" };
    assert.deepEqual(
      await ask(path + tail, { method, headers: wrong }),
      refused(401, "unauthorized", "token: not the one of this request"),
    );
  }
});

test("a bug is reported inside and says nothing outside", async (t) => {
  const bug = new Error("secret path /root/x");
  const { backend } = fakeBackend({ request, missing: [] });
  const broken = { ...backend, status: () => Promise.reject(bug) };
  const { ask, path, bugs } = await serve(t, [], { backend: broken });
  assert.deepEqual(
    await ask(path, { headers: bearer }),
    refused(500, "bug", "server: ran into a bug of its own"),
  );
  assert.deepEqual(bugs, [bug]);
});

test("a refusal carries its code, hint and details with a fitting status", async (t) => {
  for (const [code, status] of Object.entries({
    "bad-request": 400,
    unauthorized: 401,
    "unknown-key": 401,
    forbidden: 403,
    "not-found": 404,
    replayed: 409,
    "too-large": 413,
    "too-many": 429,
    busy: 503,
    "disk-full": 507,
    "anything-else": 422,
  })) {
    const { backend } = fakeBackend({ request, missing: [] });
    const error = new UserError("x: y", { code, hint: "do z", details: ["line"] });
    const refusing = { ...backend, status: () => Promise.reject(error) };
    const { ask, path } = await serve(t, [], { backend: refusing });
    const body = { error: { code, message: "x: y", hint: "do z", details: ["line"] } };
    assert.deepEqual(await ask(path, { headers: bearer }), { status, body });
  }
});

test("a path outside of the protocol is not found", async (t) => {
  const { ask } = await serve(t);
  const answer = refused(404, "not-found", "path: not part of the protocol");
  assert.deepEqual(await ask("/elsewhere"), answer);
  assert.deepEqual(await ask("/requests"), answer);
});

test("events come as lines from an offset on", async (t) => {
  const { app, path } = await serve(t);
  const answer = await app.request(`${wireBase}${path}/events?from=1`, { headers: bearer });
  assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
  assert.equal(await answer.text(), `${JSON.stringify(log[1])}\n`);
});

test("a stream passes on the lines of the backend, from the cursor that the client has", async (t) => {
  const { app, ask, calls, path } = await serve(t);
  const from = "c0ffee.7.now~abc";
  const answer = await app.request(`${wireBase}${path}/stream?from=${from}`, { headers: bearer });
  assert.equal(answer.headers.get("content-type"), "application/x-ndjson");
  assert.equal(await answer.text(), '{"n":1}\n{"n":2}\n{"n":"–"}\n');
  assert.deepEqual(calls, [["stream", from]]);
  const nobody = await ask(`${path}/stream`);
  assert.deepEqual(nobody, refused(401, "unauthorized", "request: carries no bearer token"));
});

test("an offset that is no number is refused", async (t) => {
  const { ask, path } = await serve(t);
  assert.deepEqual(
    await ask(`${path}/events?from=-1`, { headers: bearer }),
    refused(400, "bad-request", 'from: should be a whole number, got "-1"'),
  );
});

test("silence is broken by an empty line every 10 s", async (t) => {
  const { backend } = fakeBackend({ request, missing: [] });
  const silent = { ...backend, events: async () => never() };
  const { app, clock, path } = await serve(t, [], { backend: silent });
  const answer = await app.request(`${wireBase}${path}/events`, { headers: bearer });
  const reader = answer.body?.getReader();
  for (let beat = 0; beat < 3; beat += 1) {
    const line = reader?.read();
    await clock.pass(10_000);
    assert.equal(Buffer.from((await line)?.value ?? []).toString(), "\n");
  }
});

// oxlint-disable-next-line require-yield
async function* never(): AsyncGenerator<LoggedEvent> {
  await new Promise(() => undefined);
}

test("events are taken from the log as fast as the client reads, and no longer than it stays", async (t) => {
  let taken = 0;
  let signal: AbortSignal | undefined;
  const { backend } = fakeBackend({ request, missing: [] });
  async function* endless(): AsyncGenerator<LoggedEvent> {
    for (;;) yield { kind: "build", text: "x", offset: (taken += 1), at: 0 };
  }
  const endlessly = {
    ...backend,
    events: async (...[, , , given]: Parameters<typeof backend.events>) => {
      signal = given;
      return endless();
    },
  };
  const { app, path } = await serve(t, [], { backend: endlessly });
  const answer = await app.request(`${wireBase}${path}/events`, { headers: bearer });
  const reader = answer.body?.getReader();
  await reader?.read();
  await settle();
  assert.ok(taken <= 3, `${taken} taken`);
  await reader?.cancel();
  assert.equal(signal?.aborted, true);
});
