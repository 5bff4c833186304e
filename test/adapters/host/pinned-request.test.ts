import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { makeIdentity, type Identity } from "../../../src/adapters/host/certificate.ts";
import { requestPinned } from "../../../src/adapters/host/pinned-request.ts";

let identity: Identity;
let server: Server;
let asked = 0;
before(async () => {
  identity = await makeIdentity("0123456789abcdef", Date.UTC(2026, 10, 21));
  const { certificate: cert, privateKey: key } = identity;
  server = createServer({ cert, key }, (_, answer) => {
    asked += 1;
    answer.writeHead(404, { "content-type": "application/json" }).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server.close());

const question = () => ({
  address: "127.0.0.1",
  port: (server.address() as AddressInfo).port,
  serverName: "0123456789abcdef.mypaas.invalid",
  pin: identity.pin,
  path: "/",
});

test("a server with the pinned key is asked", async () => {
  const { date = 0, ...answer } = await requestPinned(question());
  assert.deepEqual(answer, { status: 404, type: "application/json" });
  assert.equal(date % 1000, 0);
  assert.equal(asked, 1);
});

test("a server with another key gets no request", async () => {
  const wrong = { ...question(), pin: "A".repeat(43) };
  await assert.rejects(requestPinned(wrong), /^Error: the certificate is not the server's own$/);
  assert.equal(asked, 1);
});
