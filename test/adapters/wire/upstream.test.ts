import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { createAdaptorServer } from "@hono/node-server";
import { wireApp } from "../../../src/adapters/wire/app.ts";
import { upstreamBackend } from "../../../src/adapters/wire/upstream.ts";
import type { LoggedEvent } from "../../../src/core/wire/events.ts";
import { blobOf, emptyDir, fakeBackend, sha256, stoppedClock, token } from "../../support/wire.ts";

const request = sha256("a request");
const log: LoggedEvent[] = [
  { kind: "step", text: "building – image", offset: 0, at: 1 },
  { kind: "unchanged", service: "web", release: 3, offset: 1, at: 2 },
];

async function listen(t: TestContext, server: ReturnType<typeof createServer>) {
  const socket = join(await emptyDir(t), "receiver.sock");
  server.listen(socket);
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return upstreamBackend(socket);
}

async function worker(t: TestContext) {
  const { backend, calls } = fakeBackend({ request, missing: [blobOf("x")] }, log);
  const clock = stoppedClock();
  const onBug = (error: unknown) => assert.fail(String(error));
  const app = wireApp({ backend, spool: undefined, requireSignature: true, clock, onBug });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false });
  return { upstream: await listen(t, server as ReturnType<typeof createServer>), calls };
}

const odd = (t: TestContext, listener: RequestListener) => listen(t, createServer(listener));

test("every call of a backend means the same through the socket", async (t) => {
  const { upstream, calls } = await worker(t);
  const accepted = { request, missing: [blobOf("x")] };
  assert.deepEqual(await upstream.accept(Buffer.from("body"), Buffer.from("signed")), accepted);
  assert.deepEqual(calls, [["accept", "body", "signed"]]);
  assert.deepEqual(await upstream.status(request, token), accepted);
  assert.deepEqual(await upstream.start(request, token), { request, missing: [], job: 7 });
  const events = [];
  const { signal } = new AbortController();
  for await (const event of await upstream.events(request, token, 0, signal)) events.push(event);
  assert.deepEqual(events, log);
});

test("what a later worker says is passed on whole", async (t) => {
  const later = { kind: "later", fallback: { kind: "note", text: "x" }, offset: 0, at: 1 };
  const accepted = { request, missing: [], version: "9.0.0", more: true };
  const upstream = await odd(t, (incoming, answer) => {
    answer.end(incoming.url?.includes("/events") === true ? jsonLine(later) : jsonLine(accepted));
  });
  assert.deepEqual(await upstream.status(request, token), accepted);
  const { signal } = new AbortController();
  const events: unknown[] = [];
  for await (const event of await upstream.events(request, token, 0, signal)) events.push(event);
  assert.deepEqual(events, [later]);
});

const jsonLine = (value: object): string => `${JSON.stringify(value)}\n`;

test("a stream comes through the socket in whole lines", async (t) => {
  const { upstream, calls } = await worker(t);
  const { signal } = new AbortController();
  let text = "";
  for await (const lines of await upstream.stream(request, token, "a~b", signal)) {
    assert.ok(lines.endsWith("\n"));
    text += lines;
  }
  assert.equal(text, '{"n":1}\n{"n":2}\n{"n":"–"}\n');
  assert.deepEqual(calls, [["stream", "a~b"]]);
});

test("a refusal arrives as the error that it was", async (t) => {
  const { upstream } = await worker(t);
  await assert.rejects(upstream.status(request, "another-token-0000"), {
    name: "UserError",
    code: "unauthorized",
    message: "token: not the one of this request",
  });
});

const away = {
  code: "worker-away",
  message: "server: the worker does not answer",
  hint: "look on the server: systemctl status mypaas-worker",
};

test("a worker that is away, hangs up or talks nonsense is named as such", async (t) => {
  const nobody = upstreamBackend(join(await emptyDir(t), "receiver.sock"));
  await assert.rejects(nobody.status(request, token), away);
  const rude = await odd(t, (asked) => asked.socket.destroy());
  await assert.rejects(rude.status(request, token), away);
  const nonsense = await odd(t, (_asked, answer) => answer.end("<html>"));
  await assert.rejects(nonsense.status(request, token), away);
});

test("events that break off are no end", async (t) => {
  const upstream = await odd(t, (_asked, answer) => {
    answer.write(`${JSON.stringify(log[0])}\n{"kind":`, () => answer.destroy());
  });
  const { signal } = new AbortController();
  const events = await upstream.events(request, token, 0, signal);
  const iterator = events[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, log[0]);
  await assert.rejects(iterator.next(), away);
});

test("a bug of the worker stays a bug", async (t) => {
  const upstream = await odd(t, (_asked, answer) => {
    answer.writeHead(500).end(JSON.stringify({ error: { code: "bug", message: "server: x" } }));
  });
  await assert.rejects(upstream.status(request, token), {
    name: "Error",
    message: "worker: server: x",
  });
});
