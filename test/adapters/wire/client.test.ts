import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createWireClient } from "../../../src/adapters/wire/client.ts";
import { requestId } from "../../../src/core/wire/request.ts";
import type { Target } from "../../../src/adapters/wire/pool.ts";
import { fakeWireServer, type FakeServerOptions } from "../../support/fake-wire-server.ts";
import { emptyDir } from "../../support/wire.ts";
import {
  bodyOf,
  onSocket,
  open,
  pausesMs,
  server,
  signal,
  token,
} from "../../support/wire-client.ts";

test("a pinned server is recognised by its key, asked by a name of ours, and a wrong pin stops before any byte", async (t) => {
  const fake = await fakeWireServer(t, { result: { version: "1" } });
  const { origin, pin, names } = await fake.listenOnTls();
  const body = bodyOf({ action: "server.info" });
  const good = open(t, { kind: "tls", origin, server, pin });
  assert.deepEqual((await good.accept(body, undefined, "safe")).result, { version: "1" });
  assert.deepEqual(names, [`${server}.mypaas.invalid`]);
  fake.log.length = 0;
  const wrong = `${"A".repeat(42)}E`;
  const bad = open(t, { kind: "tls", origin, server, pin: wrong });
  await assert.rejects(bad.accept(body, undefined, "safe"), {
    name: "UserError",
    code: "wrong-pin",
    message: `server ${origin.slice("https://".length)}: does not have the key that this remote expects`,
    hint: "if the server has a new key, add the remote again with the line that mypaas init prints: mypaas remote add",
    details: [
      `expected key ${wrong}`,
      `got key ${pin}`,
      "another server may intercept this connection; mypaas sent nothing",
    ],
  });
  assert.deepEqual(fake.log, []);
});

test("without a pin the public chain and the host's name decide", async (t) => {
  const fake = await fakeWireServer(t);
  const { origin, port, cert } = await fake.listenOnTls();
  const body = bodyOf({ action: "server.info" });
  const stranger = open(t, { kind: "tls", origin, server, pin: undefined });
  await assert.rejects(stranger.accept(body, undefined, "safe"), {
    message: "prod: its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)",
    hint: "use the line with pin= that mypaas init printed: mypaas remote add",
  });
  const misnamed = open(t, { kind: "tls", origin, server, pin: undefined, ca: cert });
  await assert.rejects(misnamed.accept(body, undefined, "safe"), {
    message: "prod: its certificate is not trusted (ERR_TLS_CERT_ALTNAME_INVALID)",
  });
  assert.deepEqual(fake.log, []);
  const named = `https://localhost:${port}`;
  const known = open(t, { kind: "tls", origin: named, server, pin: undefined, ca: cert });
  assert.deepEqual((await known.accept(body, undefined, "safe")).missing, []);
});

test("nobody there, and somebody who is not mypaas, are told apart", async (t) => {
  const gone = open(t, { kind: "socket", path: "/nonexistent/x.sock" });
  await assert.rejects(gone.accept(bodyOf({ action: "key.list" }), undefined, "safe"), {
    message: "prod: nothing listens there",
    hint: "on the server, see what is missing and repair it: sudo mypaas init",
  });
  for (const [status, message, tries] of [
    [404, "prod: answers, but not as mypaas does (status 404)", 1],
    [200, "prod: answers, but not as mypaas does (status 200)", 1],
    [502, "prod: not ready (status 502)", 4],
  ] as const) {
    const before: FakeServerOptions["before"] = (_, answer) => {
      answer.writeHead(status).end("<html>");
      return true;
    };
    const { fake, client } = await onSocket(t, { before });
    await assert.rejects(client.accept(bodyOf({ action: "key.list" }), undefined, "safe"), {
      message,
    });
    assert.equal(fake.log.length, tries);
  }
});

test("what the server refuses reaches the person in its words, without terminal controls", async (t) => {
  const error = {
    code: "forbidden",
    message: "key me: \u001b]0;x\u0007no",
    hint: "ask\u001b[2J",
    details: ["a\u001b[31mb"],
  };
  const before: FakeServerOptions["before"] = (_, answer) => {
    answer.writeHead(403).end(JSON.stringify({ error }));
    return true;
  };
  const { client } = await onSocket(t, { before });
  await assert.rejects(client.accept(bodyOf({ action: "key.list" }), undefined, "safe"), {
    code: "forbidden",
    message: "key me: no",
    hint: "ask",
    details: ["a\u001b[31mb\u001b[0m"],
  });
});

test("a line that breaks after sending is tried again only for what may arrive twice", async (t) => {
  for (const [repeat, tries] of [
    ["safe", 4],
    ["once", 1],
  ] as const) {
    const before: FakeServerOptions["before"] = (request) => {
      request.socket.destroy();
      return true;
    };
    const { fake, client } = await onSocket(t, { before });
    await assert.rejects(client.accept(bodyOf({ action: "key.list" }), undefined, repeat), {
      code: "connection",
      hint: "run the same command again",
    });
    assert.equal(fake.log.length, tries);
  }
});

test("an answer for another request is not believed", async (t) => {
  const before: FakeServerOptions["before"] = (_, answer) => {
    answer.end(JSON.stringify({ request: "x", missing: [] }));
    return true;
  };
  const { client } = await onSocket(t, { before });
  await assert.rejects(client.accept(bodyOf({ action: "key.list" }), undefined, "safe"), {
    message: "prod: gave an answer that this version does not understand",
    hint: 'install the same version on both sides, see "Five minutes" in README.md',
  });
});

test("a server that accepts and says nothing does not hold an interrupted client", async (t) => {
  const silent = createServer();
  const path = join(await emptyDir(t), "s.sock");
  await new Promise<void>((done) => silent.listen(path, done));
  t.after(() => silent.close());
  const stop = new AbortController();
  silent.on("connection", (socket) => {
    socket.on("error", () => {});
    stop.abort(new Error("stopped"));
  });
  const target: Target = { kind: "socket", path };
  const client = createWireClient({ target, place: "prod", signal: stop.signal, pausesMs });
  t.after(client.close);
  await assert.rejects(client.accept(Buffer.from("x"), undefined, "safe"), { message: "stopped" });
});

/** A laptop of 0.5.0 before a server that gives these answers, one after the other. */
async function between(t: TestContext, answers: readonly (readonly [number, object])[]) {
  const left = [...answers];
  const before: FakeServerOptions["before"] = (_, answer) => {
    const [status, body] = left.shift() ?? [500, {}];
    answer.writeHead(status).end(JSON.stringify(body));
    return true;
  };
  const fake = await fakeWireServer(t, { before });
  const target: Target = { kind: "socket", path: (await fake.listenOnSocket()).path };
  const version = async () => "0.5.0";
  const client = createWireClient({ target, place: "prod", signal, pausesMs: [], version });
  t.after(client.close);
  return client;
}

test("where laptop and server do not understand each other, the older one is to be updated", async (t) => {
  const body = bodyOf({ action: "key.list" });
  const request = requestId(body);
  const updateServer =
    'update mypaas on the server to 0.5.0, see "Five minutes" in README.md; then run: sudo mypaas init';
  for (const [version, hint] of [
    [undefined, updateServer],
    ["0.4.9", updateServer],
    ["0.5.0", 'install the same version on both sides, see "Five minutes" in README.md'],
    ["0.6.0", 'update mypaas here to 0.6.0, see "Five minutes" in README.md'],
  ] as const) {
    const client = await between(t, [
      [200, { request, missing: [], version }],
      [200, { have: "some" }],
    ]);
    assert.equal((await client.accept(body, undefined, "safe")).version, version);
    await assert.rejects(client.request(request, token).have("ab".repeat(32)), {
      message: "prod: gave an answer that this version does not understand",
      hint,
    });
  }
});

test("a server of the first version that does not know an action is to be updated", async (t) => {
  const message = 'request: unknown action "later", update mypaas on the server';
  const client = await between(t, [[400, { error: { code: "bad-request", message } }]]);
  await assert.rejects(client.accept(bodyOf({ action: "key.list" }), undefined, "safe"), {
    message,
    hint: 'update mypaas on the server to 0.5.0, see "Five minutes" in README.md; then run: sudo mypaas init',
  });
});
