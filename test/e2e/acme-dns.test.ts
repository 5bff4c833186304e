import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { declare } from "../support/changes-e2e.ts";
import { issuerOf, shake, startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";
import { startDirectory } from "../support/acme-directory.ts";
import { startHttpreq, type HttpreqServer } from "../support/httpreq-server.ts";
import { bridgeAddress } from "../support/bridge-address.ts";
import { initArgs } from "../../scripts/machine/instance.ts";

let acme: AcmeServer;
let provider: HttpreqServer;
let directory: Awaited<ReturnType<typeof startDirectory>> | undefined;

before(async () => {
  acme = await startAcmeServer("t-e2edns01", "127.77.1.3");
  provider = await startHttpreq({ dns: acme.caDns, address: await bridgeAddress() });
});
after(async () => {
  await acme?.remove();
  await provider?.close();
  await directory?.close();
});

const secure = (host: string): readonly string[] => [
  `domain = ${host}`,
  "https = true",
  "port = 3000",
  "scale = 1",
];
const keys = secure("*.b.test");

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
  const exact = await declare(server, "exact", secure("exact.b.test"));
  await server.mustPush(exact);
  assert.equal((await acme.cert("exact.b.test")).state, "issued");
  assert.equal((await server.get("exact.b.test")).status, 301);
  assert.equal(pebble.orders(), 1);
});

test("a name whose port 80 does not lead here is proved over the DNS", async () => {
  const { server, pebble } = acme;
  const inner = await declare(server, "inner", secure("inner.c.test"));
  await server.mustPush(inner);
  await acme.until("inner.c.test", ["issued"], 120);
  assert.equal(pebble.orders(), 2);
});

test("a CAA record that names another CA is said before anybody is asked, and one that names this CA lets it issue", async () => {
  const { server, pebble, dns } = acme;
  const address = await bridgeAddress();
  directory = await startDirectory(pebble, { address, caaIdentities: ["ca.test"] });
  const file = join(server.instance.folder, "both.pem");
  await writeFile(file, (await readFile(pebble.caFile, "utf8")) + directory.ca);
  await server.must([
    ...initArgs(server.instance),
    `--acme-server=${directory.url}`,
    `--acme-ca=${file}`,
  ]);
  await server.stopWorker();
  await server.startWorker();
  // Another directory is another CA: what the one before has issued is asked for anew.
  for (let left = 120; pebble.orders() < 4 && left > 0; left -= 1) await sleep(500);
  for (const host of ["*.b.test", "inner.c.test"]) await acme.until(host, ["issued"], 120);
  const before = pebble.orders();
  assert.equal(before, 4);
  const CAA = [{ flags: 0, tag: "issue", value: "other.test" }];
  dns.set("caa.test", { A: [acme.address], CAA });
  acme.caDns.set("caa.test", { A: [acme.address] });
  const caa = await declare(server, "caa", secure("caa.test"));
  const { events } = await server.mustPush(caa);
  const [warning] = events.filter((event) => event.kind === "warning");
  assert.match(
    String(warning?.text),
    /: caa.test: the CAA record allows only other.test to issue certificates, needed ca.test;/,
  );
  assert.equal(
    warning?.hint,
    'add the record at your DNS provider: caa.test CAA 0 issue "ca.test"',
  );
  assert.equal(pebble.orders(), before);
  dns.set("caa.test", {
    A: [acme.address],
    CAA: [...CAA, { flags: 0, tag: "issue", value: "ca.test; validationmethods=http-01" }],
  });
  await server.must(["cert", "retry", "caa.test", "-r", "prod"]);
  assert.equal((await acme.cert("caa.test")).state, "issued");
});

test("a provider that refuses is told in words, and its password stands nowhere", async () => {
  const { server } = acme;
  provider.refuse(true);
  const other = await declare(server, "other", secure("other.d.test"));
  await server.mustPush(other);
  const info = await acme.until("other.d.test", ["failed"], 120);
  console.log(`${info.about}: ${info.reason}`);
  assert.equal(info.about, "DNS provider");
  assert.ok(!JSON.stringify(info).includes("s3cret"));
});
