import assert from "node:assert/strict";
import { readdir, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { instancePaths } from "../../src/core/server/instance.ts";
import { declare } from "../support/changes-e2e.ts";
import { issuerOf, shake, startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";
import { docker } from "../support/mypaas-e2e.ts";

let acme: AcmeServer;

/** Long enough that it counts as valid, short enough that Traefik, which looks once a minute, renews it in this test. */
const validitySeconds = 20 * 60 + 45;

before(async () => {
  acme = await startAcmeServer("t-e2erenew", "127.77.1.4", {
    validitySeconds,
    init: () => ["--acme-lifetime=1h"],
  });
  acme.point("a.test");
  const web = await declare(acme.server, "web", ["domain = a.test", "https = true", "port = 3000"]);
  await acme.server.mustPush(web);
  await acme.until("a.test", ["issued"], 60);
});
after(() => acme?.remove());

const serial = async (): Promise<string> => (await shake(acme, "a.test")).certificate.serialNumber;

test("a certificate is renewed by itself, although nothing asks for it any more", async () => {
  const first = await serial();
  const begun = Date.now();
  for (let left = 200; (await serial()) === first && left > 0; left -= 1) await sleep(1_000);
  console.log(`renewed after ${Math.round((Date.now() - begun) / 1000)} s`);
  assert.notEqual(await serial(), first);
  assert.equal((await acme.cert("a.test")).state, "issued");
});

test("a restart of Traefik keeps the certificates, orders nothing, and the file with them is for Traefik alone", async () => {
  const { acmeDir } = instancePaths(acme.server.instance);
  const files = await readdir(acmeDir);
  assert.equal(files.length, 1);
  assert.equal((await stat(join(acmeDir, files[0] ?? ""))).mode & 0o777, 0o600);
  const orders = acme.pebble.orders();
  const before = await serial();
  await docker.getContainer("t-e2erenew-traefik").restart();
  await answering();
  assert.equal(await serial(), before);
  assert.equal(acme.pebble.orders(), orders);
});

test("a file of certificates that was emptied is filled again, and http answers until they come", async () => {
  const { acmeDir } = instancePaths(acme.server.instance);
  const traefik = docker.getContainer("t-e2erenew-traefik");
  await traefik.stop();
  for (const file of await readdir(acmeDir)) await truncate(join(acmeDir, file));
  await traefik.start();
  await answering();
  const begun = Date.now();
  for (let left = 120; left > 0; left -= 1) {
    if (issuerOf(await shake(acme, "a.test")).startsWith("Pebble")) break;
    await sleep(1_000);
  }
  console.log(`back after ${Math.round((Date.now() - begun) / 1000)} s`);
  assert.match(issuerOf(await shake(acme, "a.test")), /^Pebble/);
  await acme.until("a.test", ["issued"], 30);
  assert.equal((await acme.server.get("a.test")).status, 301);
});

async function answering(): Promise<void> {
  for (let left = 100; left > 0; left -= 1) {
    const isThere = await shake(acme, "a.test").then(
      () =>
        acme.server.get("a.test").then(
          ({ release }) => release !== "none",
          () => false,
        ),
      () => false,
    );
    if (isThere) return;
    await sleep(200);
  }
  throw new Error("Traefik does not answer after 20 s");
}
