import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { declare } from "../support/changes-e2e.ts";
import { issuerOf, shake, startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";
import { startHttpreq, type HttpreqServer } from "../support/httpreq-server.ts";
import { bridgeAddress } from "../support/bridge-address.ts";
import { initArgs } from "../../scripts/machine/instance.ts";

let acme: AcmeServer;
let provider: HttpreqServer;

before(async () => {
  acme = await startAcmeServer("t-e2edns01", "127.77.1.3");
  provider = await startHttpreq({ dns: acme.caDns, address: await bridgeAddress() });
});
after(async () => {
  await acme?.remove();
  await provider?.close();
});

const keys = ["domain = *.b.test", "https = true", "port = 3000", "scale = 1"];

test("without DNS-01 https for a wildcard is refused, by check on the server's facts and by the deploy", async () => {
  const { server } = acme;
  const wild = await declare(server, "wild", keys);
  const message = "domain *.b.test: https for a wildcard domain needs DNS-01 on the server";
  const checked = await server.run(["check", wild.folder, "-r", "prod"]);
  assert.equal(checked.code, 1);
  assert.ok(checked.out.includes(message), checked.out);
  const pushed = await server.push(wild);
  assert.equal(pushed.code, 1);
  assert.ok((pushed.out + pushed.err).includes(message), pushed.out + pushed.err);
});

test("a DNS provider is taken up by init, and its values are shown to nobody", async () => {
  const { server } = acme;
  const file = join(tmpdir(), `mypaas-dns-${process.pid}.env`);
  const secret = "s3cret-of-the-provider";
  await writeFile(
    file,
    `HTTPREQ_ENDPOINT=${provider.endpoint}\nHTTPREQ_USERNAME=ann\nHTTPREQ_PASSWORD=${secret}\n`,
  );
  const options = ["--dns-provider", "httpreq", "--dns-env", file];
  const { out, err } = await server.must([...initArgs(server.instance), ...options]);
  assert.ok(!`${out}${err}`.includes(secret));
  await server.stopWorker();
  await server.startWorker();
});

test("a wildcard gets its certificate over the DNS, and serves every name below it without another order", async () => {
  const { server, pebble } = acme;
  const wild = await declare(server, "wild", keys);
  await server.mustPush(wild);
  await acme.until("*.b.test", ["issued"], 120);
  assert.equal(pebble.orders(), 1);
  assert.deepEqual(
    [...new Set(provider.calls.map(({ login }) => login))],
    ["ann:s3cret-of-the-provider"],
  );
  for (const host of ["x.b.test", "y.b.test"])
    assert.match(issuerOf(await shake(acme, host)), /^Pebble/);
  assert.equal((await server.get("x.b.test")).status, 301);
  const exact = await declare(server, "exact", [
    "domain = exact.b.test",
    "https = true",
    "port = 3000",
    "scale = 1",
  ]);
  await server.mustPush(exact);
  assert.equal((await acme.cert("exact.b.test")).state, "issued");
  assert.equal((await server.get("exact.b.test")).status, 301);
  assert.equal(pebble.orders(), 1);
});

test("a name whose port 80 does not lead here is proved over the DNS", async () => {
  const { server, pebble } = acme;
  const inner = await declare(server, "inner", [
    "domain = inner.c.test",
    "https = true",
    "port = 3000",
    "scale = 1",
  ]);
  await server.mustPush(inner);
  await acme.until("inner.c.test", ["issued"], 120);
  assert.equal(pebble.orders(), 2);
});

test("a provider that refuses is told in words, and its password stands nowhere", async () => {
  const { server } = acme;
  provider.refuse(true);
  const other = await declare(server, "other", [
    "domain = other.d.test",
    "https = true",
    "port = 3000",
    "scale = 1",
  ]);
  await server.mustPush(other);
  const info = await acme.until("other.d.test", ["failed"], 120);
  console.log(`${info.about}: ${info.reason}`);
  assert.equal(info.about, "DNS provider");
  assert.ok(!JSON.stringify(info).includes("s3cret"));
});
