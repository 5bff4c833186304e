import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect as connectH2 } from "node:http2";
import { request } from "node:https";
import { after, before, test } from "node:test";
import { assertTakenAway, declare, loadOn, redeclare } from "../support/changes-e2e.ts";
import { issuerOf, shake, startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";
import type { Source } from "../support/source-e2e.ts";

let acme: AcmeServer;
let web: Source;
const hosts = ["shop.test", "www.shop.test"];
const keys = [...hosts.map((host) => `domain = ${host}`), "https = true", "port = 3000"];

before(async () => {
  acme = await startAcmeServer("t-e2eacme", "127.77.1.1");
  acme.point(...hosts);
  web = await declare(acme.server, "web", [...keys, "scale = 2"]);
});
after(() => acme?.remove());

test("the first push of two hosts ends with a certificate for each, asked for once", async () => {
  const said = await acme.server.mustPush(web);
  const texts = said.events.flatMap((event) => ("text" in event ? [event.text] : []));
  for (const host of hosts) {
    assert.ok(
      texts.some((text) => text.startsWith(`${host} has a certificate of Pebble`)),
      texts.join("\n"),
    );
    assert.match(issuerOf(await shake(acme, host)), /^Pebble Intermediate/);
    assert.equal((await acme.cert(host)).state, "issued");
  }
  assert.deepEqual(acme.pebble.checked().toSorted(), hosts);
  assert.equal(acme.pebble.orders(), 2);
});

test("http redirects for good, https says to stay, HTTP/2 is spoken and nothing older than TLS 1.2", async () => {
  const http = await acme.server.get("shop.test", "/a?b");
  assert.deepEqual([http.status, http.release], [301, "web/1"]);
  const root = await acme.pebble.root();
  const session = connectH2("https://shop.test", { host: acme.address, ca: root } as object);
  const headers = await new Promise<Record<string, unknown>>((resolve, reject) => {
    session.on("error", reject);
    session.request({ ":path": "/" }).on("response", resolve).on("error", reject).resume();
  });
  session.destroy();
  assert.deepEqual(
    [headers[":status"], headers["strict-transport-security"], headers["x-mypaas-release"]],
    [200, "max-age=31536000", "web/1"],
  );
  const { protocol, alpn } = await shake(acme, "shop.test");
  assert.deepEqual([protocol, alpn], ["TLSv1.3", "h2"]);
  assert.equal((await shake(acme, "shop.test", { maxVersion: "TLSv1.2" })).protocol, "TLSv1.2");
  await assert.rejects(shake(acme, "shop.test", { maxVersion: "TLSv1.1" }));
});

test("a host whose DNS is wrong is served as it is, the other one gets its certificate, and the deploy says what to set", async () => {
  acme.dns.set("new.shop.test", { A: ["127.77.1.250"] });
  acme.caDns.set("new.shop.test", { A: [acme.address] });
  acme.point("also.shop.test");
  const more = ["domain = new.shop.test", "domain = also.shop.test"];
  await redeclare(web, [...keys, ...more, "scale = 2"]);
  const { events } = await acme.server.mustPush(web);
  const warnings = events.filter((event) => event.kind === "warning");
  assert.deepEqual(
    warnings.map(({ text, hint }) => [text, hint]),
    [
      [
        `new.shop.test has no certificate, http does not redirect: new.shop.test: A 127.77.1.250 leads elsewhere (connection refused), expected A ${acme.address}; mypaas tries again by itself`,
        `set the record at your DNS provider: new.shop.test A ${acme.address}`,
      ],
    ],
  );
  assert.equal((await acme.cert("also.shop.test")).state, "issued");
  assert.equal((await acme.cert("new.shop.test")).about, "waiting for DNS");
  const { status, release } = await acme.server.get("new.shop.test");
  assert.deepEqual([status, release], [200, "web/2"]);
  assert.match(issuerOf(await shake(acme, "new.shop.test")), /mypaas.invalid$/);
  assert.equal(acme.pebble.orders(), 3);
});

test("when the DNS is put right the host is upgraded by itself, and no request is lost", async () => {
  const { server } = acme;
  const https = loadOn(server, "https://new.shop.test/");
  const http = loadOn(server, "http://new.shop.test/");
  acme.point("new.shop.test");
  await acme.until("new.shop.test", ["issued"], 90);
  for (let left = 50; (await server.get("new.shop.test")).status !== 301 && left > 0; left -= 1);
  const [secure, plain] = [await https.stop(), await http.stop()];
  console.log(`https: ${secure.sent} sent, ${secure.failed} failed`);
  assert.deepEqual([secure.failed, secure.reasons], [0, {}]);
  assert.deepEqual(secure.byRelease, { "web/2": secure.sent });
  assertTakenAway("http", plain, { releases: ["web/2"], status: 301 });
  assert.deepEqual(await server.containers("web"), [
    "t-e2eacme-web running",
    "t-e2eacme-web-r2-2 running",
  ]);
  assert.equal(acme.pebble.orders(), 4);
});

test("a service that goes takes its hosts out of the list, and one that comes back has its certificate at once", async () => {
  await acme.server.must(["remove", "web", "--yes", "-r", "prod"]);
  const { out } = await acme.server.must(["cert", "-r", "prod"]);
  assert.match(out, /^no service uses https/);
  const said = await acme.server.mustPush(web);
  assert.deepEqual(
    said.events.filter((event) => event.kind === "warning"),
    [],
  );
  assert.equal((await acme.server.get("shop.test")).status, 301);
  assert.equal(acme.pebble.orders(), 4);
});

test("doctor looks at every certificate", async () => {
  const { out, code } = await acme.server.run(["doctor", "-r", "prod"]);
  assert.equal(code, 0, out);
  for (const host of hosts)
    assert.match(out, new RegExp(`ok +certificate of ${host}: Pebble Intermediate`));
  assert.doesNotMatch(out, /warning +DNS/);
});

test("a service that gives https up answers those who come by it, and lets them go", async () => {
  const { server } = acme;
  await redeclare(web, [...hosts.map((host) => `domain = ${host}`), "port = 3000", "scale = 2"]);
  const { events } = await server.mustPush(web);
  const notes = events.flatMap((event) => (event.kind === "note" ? [event.text] : []));
  assert.ok(
    notes.some((text) => text.startsWith("shop.test is served over http now; https answers too")),
    notes.join("\n"),
  );
  assert.equal((await server.get("shop.test")).status, 200);
  const ca = await acme.pebble.root();
  const { status, strict } = await getSecure("shop.test", ca);
  assert.deepEqual([status, strict], [200, "max-age=0"]);
  const { out } = await server.must(["cert", "-r", "prod"]);
  assert.match(out, /^no service uses https/);
});

/** Over https, as a browser that trusts the CA. */
async function getSecure(host: string, ca: string) {
  const options = { host: acme.address, port: 443, servername: host, headers: { host }, ca };
  const asked = request({ ...options, agent: false, timeout: 5_000 }).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.resume();
  return { status: answer.statusCode, strict: answer.headers["strict-transport-security"] };
}
