import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startDns, type DnsServer } from "./dns-server.ts";
import { startHttpreq, type HttpreqServer } from "./httpreq-server.ts";

let dns: DnsServer;
let httpreq: HttpreqServer;

before(async () => {
  dns = await startDns();
  httpreq = await startHttpreq({ dns, address: "127.0.0.1" });
});
after(async () => {
  await httpreq?.close();
  await dns?.close();
});

const fqdn = "_acme-challenge.b.test.";
const name = "_acme-challenge.b.test";

async function call(path: string, value: string): Promise<number> {
  const response = await fetch(httpreq.endpoint + path, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from("ann:secret").toString("base64")}` },
    body: JSON.stringify({ fqdn, value }),
  });
  return response.status;
}

test("two values of one name live side by side, and the last cleanup removes the name", async () => {
  assert.equal(await call("/present", "one"), 200);
  assert.equal(await call("/present", "two"), 200);
  assert.deepEqual(dns.get(name), { TXT: ["one", "two"] });
  assert.equal(await call("/cleanup", "one"), 200);
  assert.deepEqual(dns.get(name), { TXT: ["two"] });
  assert.equal(await call("/cleanup", "two"), 200);
  assert.equal(dns.get(name), undefined);
  assert.deepEqual(httpreq.calls[0], {
    path: "/present",
    name,
    value: "one",
    login: "ann:secret",
  });
});

test("a refused call is counted and changes nothing", async () => {
  const earlier = httpreq.calls.length;
  httpreq.refuse(true);
  assert.equal(await call("/present", "three"), 403);
  httpreq.refuse(false);
  assert.equal(dns.get(name), undefined);
  assert.equal(httpreq.calls.length, earlier + 1);
  assert.equal(await call("/elsewhere", "three"), 404);
});
