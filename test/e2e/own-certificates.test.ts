import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { initArgs } from "../../scripts/machine/instance.ts";
import { issuerOf, shake, startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";
import { declare } from "../support/changes-e2e.ts";
import { certify } from "../support/own-certificate-e2e.ts";
import { makeCa, makeLeaf } from "../support/test-ca.ts";

let acme: AcmeServer;
const keys = ["domain = own.test", "https = true", "port = 3000", "scale = 1"];

before(async () => {
  acme = await startAcmeServer("t-e2eown", "127.77.1.5");
  acme.point("own.test");
});
after(() => acme?.remove());

test("a certificate that was brought is served from the first release on, and nobody is asked for one", async () => {
  const { server } = acme;
  await certify(server, ["own.test", "also.own.test"]);
  const own = await declare(server, "own", keys);
  await server.mustPush(own);
  assert.equal(issuerOf(await shake(acme, "own.test")), "Test CA");
  assert.equal((await server.get("own.test")).status, 301);
  assert.equal((await acme.cert("own.test")).state, "own");
  assert.equal(acme.pebble.orders(), 0);
});

test("another one takes its place without a gap: every handshake shows the one or the other", async () => {
  const seen = new Map<string, number>();
  let isOver = false;
  const shaking = Promise.all(
    [1, 2, 3].map(async () => {
      while (!isOver) {
        // oxlint-disable-next-line no-await-in-loop
        const { certificate } = await shake(acme, "own.test");
        const name = `${String(certificate.issuer.CN)} ${certificate.serialNumber}`;
        seen.set(name, (seen.get(name) ?? 0) + 1);
      }
    }),
  );
  for (let n = 0; n < 5; n += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await certify(acme.server, ["own.test"]);
  }
  isOver = true;
  await shaking;
  const counts = [...seen].map(([name, count]) => `${name.slice(0, 16)}: ${count}`);
  console.log(`handshakes: ${counts.join(", ")}`);
  assert.equal(seen.size, 6);
  assert.ok([...seen.keys()].every((name) => name.startsWith("Test CA ")));
});

test("one that does not fit is refused in words, and what was there stays", async () => {
  const { server } = acme;
  const ca = await makeCa("Another CA");
  const place = (name: string) => join(server.instance.folder, name);
  const refuse = async (hosts: readonly string[], more: object, expected: RegExp) => {
    const leaf = await makeLeaf({ ca, hosts, ...more });
    await writeFile(place("x.pem"), leaf.chain + ca.cert);
    await writeFile(place("x.key"), leaf.key);
    const args = ["cert", "add", "own.test", place("x.pem"), place("x.key"), "-r", "prod"];
    const { code, err } = await server.run(args);
    assert.equal(code, 1);
    assert.match(err, expected);
  };
  await refuse(["other.test"], {}, /does not cover own.test, only other.test/);
  const past = { from: new Date("2020-01-01"), until: new Date("2021-01-01") };
  await refuse(["own.test"], past, /expired on 2021-01-01/);
  const stranger = await makeLeaf({ ca, hosts: ["own.test"] });
  await writeFile(place("y.pem"), (await makeLeaf({ ca, hosts: ["own.test"] })).chain);
  await writeFile(place("y.key"), stranger.key);
  const args = ["cert", "add", "own.test", place("y.pem"), place("y.key"), "-r", "prod"];
  const { err } = await server.run(args);
  assert.match(err, /private key: does not match the certificate/);
  assert.equal(issuerOf(await shake(acme, "own.test")), "Test CA");
});

test("a wildcard that was brought lets a service have it without DNS-01", async () => {
  const { server } = acme;
  await certify(server, ["*.wild.test"]);
  const wild = await declare(server, "wild", [
    "domain = *.wild.test",
    "https = true",
    "port = 3000",
    "scale = 1",
  ]);
  await server.mustPush(wild);
  assert.equal(issuerOf(await shake(acme, "x.wild.test")), "Test CA");
  assert.equal((await server.get("x.wild.test")).status, 301);
});

test("when it is taken away the CA is asked, and the host goes on being served", async () => {
  const { server } = acme;
  await server.must(["cert", "remove", "own.test", "-r", "prod"]);
  await acme.until("own.test", ["issued"], 60);
  assert.match(issuerOf(await shake(acme, "own.test")), /^Pebble/);
  const { code, err } = await server.run(["cert", "remove", "own.test", "-r", "prod"]);
  assert.equal(code, 1);
  assert.match(err, /certificate own.test: no manual certificate/);
});

test("one that is brought beside one of the CA, which Traefik may show as well, is alone after init", async () => {
  const { server } = acme;
  await certify(server, ["own.test"]);
  const info = await acme.cert("own.test");
  const shown = issuerOf(await shake(acme, "own.test"));
  console.log(`beside: ${info.state}, shown: ${shown}`);
  assert.equal(info.state, shown === "Test CA" ? "own" : "issued");
  if (info.state === "issued")
    assert.match(String(info.hint), /^run on the server: sudo mypaas init;/);
  const { out, err } = await server.must(initArgs(server.instance));
  assert.match(out + err, /certificates that others replace \(own.test\): removed/);
  const own = await declare(server, "own", keys);
  for (let n = 0; n < 5; n += 1) {
    // Each deploy makes Traefik put its certificates together anew.
    // oxlint-disable-next-line no-await-in-loop
    await own.write("page.txt", `page ${n}`);
    // oxlint-disable-next-line no-await-in-loop
    await server.mustPush(own);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal(issuerOf(await shake(acme, "own.test")), "Test CA");
  }
  assert.equal((await acme.cert("own.test")).state, "own");
});
