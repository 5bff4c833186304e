import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../src/core/wire/events.ts";
import { fakeServer } from "../support/fake-server.ts";
import { release } from "../support/releases.ts";

const web = (number: number, kind: "roll" | "replace" = "roll", routes = ["http://a.test"]) =>
  release("web", number, {
    routes,
    spec: { scale: kind === "roll" ? { kind, replicas: 1 } : { kind } },
  });

const receiptOf = (events: readonly Event[]) => events.find(({ kind }) => kind === "receipt");
const requests = (count: number, failed = 0) => ({ requests: count, failed });

test("a deploy ends with a receipt: what both releases, the hold and nobody else have answered, without its own question", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1));
  server.forget();
  const counted = new Map([
    ["web-r1-1@docker", requests(100)],
    ["hold-web-r2-1@file", requests(200, 2)],
    ["web-r2-1@docker", requests(113)],
    ["web-r2-r1-1@docker", requests(5000, 5000)],
  ]);
  server.count(() => counted);
  await server.deploy(web(2), from);
  const live = server.events.find((event) => event.kind === "live");
  assert.ok(live?.kind === "live");
  const { ms } = live;
  const expected = { kind: "receipt", service: "web", release: 2, ms, requests: 412, failed: 2 };
  assert.deepEqual(server.events.at(-1), expected);
});

test("an app that answers 502 to the question of the switch has failed no client", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1));
  server.forget();
  server.answerWith(502);
  server.count(() => new Map([["web-r2-1@docker", requests(8, 1)]]));
  await server.deploy(web(2), from);
  const receipt = receiptOf(server.events);
  assert.ok(receipt?.kind === "receipt");
  assert.deepEqual([receipt.requests, receipt.failed], [7, 0]);
});

test("where Traefik could not be asked, the receipt has no counts", async () => {
  const server = fakeServer();
  await server.deploy(web(1));
  const receipt = receiptOf(server.events);
  assert.deepEqual(Object.keys(receipt ?? {}), ["kind", "service", "release", "ms"]);
});

test("a service without any route was asked nothing", async () => {
  const server = fakeServer();
  await server.deploy(web(1, "roll", []));
  assert.deepEqual(
    { ...receiptOf(server.events), ms: 0 },
    {
      kind: "receipt",
      service: "web",
      release: 1,
      ms: 0,
      requests: 0,
      failed: 0,
    },
  );
});

test("the receipt waits for those who wait until they have their answers", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1, "replace"));
  server.forget();
  let held = 0;
  server.count(() => new Map([["hold-web-r2-1@file", requests(held)]]));
  server.on((what) => {
    if (what === "cut over") void server.clock.sleep(600).then(() => (held = 50));
  });
  await server.deploy(web(2, "replace"), from);
  const receipt = receiptOf(server.events);
  assert.ok(receipt?.kind === "receipt");
  assert.equal(receipt.requests, 49);
});

test("a deploy that fails has no receipt", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 } } });
  const from = await server.deploy(web(1));
  server.forget();
  await assert.rejects(server.deploy(web(2), from));
  assert.equal(receiptOf(server.events), undefined);
});
