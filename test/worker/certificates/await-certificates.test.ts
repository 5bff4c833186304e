import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../../../src/core/wire/events.ts";
import { newRecord } from "../../../src/core/certificates/record.ts";
import { certificateInfo } from "../../../src/worker/certificates/describe-certificate.ts";
import { awaitCertificates } from "../../../src/worker/certificates/await-certificates.ts";
import { certificateWorld } from "../../support/certificate-world.ts";

async function deploy(
  world: ReturnType<typeof certificateWorld>,
  hosts: readonly string[],
  { signal = new AbortController().signal, requestedEarly = [] as readonly string[] } = {},
): Promise<readonly string[]> {
  const said: string[] = [];
  const say = (event: Event) => {
    if ("text" in event) said.push(`${event.kind}: ${event.text}`);
    if ("hint" in event && event.hint !== undefined) said.push(`hint: ${event.hint}`);
  };
  const { clock } = world;
  const manager = world.manager();
  const infos = () =>
    hosts.map((host) =>
      certificateInfo({ host, services: ["web"] }, world.record(host) ?? newRecord(host, 0)),
    );
  await awaitCertificates({ clock, manager, infos }, hosts, { say, signal, requestedEarly });
  return said;
}

test("a deploy reports new certificates once", async () => {
  const world = certificateWorld(["a.test", "b.test"]);
  assert.deepEqual(await deploy(world, ["a.test", "b.test"]), [
    "step: waiting for the certificates of a.test, b.test",
    "step: a.test has a certificate of Test CA",
    "step: b.test has a certificate of Test CA",
  ]);
  assert.deepEqual(await deploy(world, ["a.test", "b.test"]), []);
});

test("a deploy also reports a certificate that came during its build", async () => {
  const world = certificateWorld(["a.test"]);
  const requestedEarly = await world.manager().requestEarly(["a.test"]);
  await world.clock.sleep(10_000);
  assert.deepEqual(await deploy(world, ["a.test"], { requestedEarly }), [
    "step: a.test has a certificate of Test CA",
  ]);
});

test("a deploy reports why a certificate is missing, and that mypaas tries again", async () => {
  const world = certificateWorld(["a.test"]);
  const hint = "set the record at your DNS provider: a.test A 192.0.2.1";
  const reason = "a.test has no address, expected A 192.0.2.1";
  world.troubles.set("a.test", { about: "waiting for DNS", reason, hint });
  assert.deepEqual(await deploy(world, ["a.test"]), [
    `warning: a.test has no certificate, http does not redirect: ${reason}; mypaas tries again by itself`,
    `hint: ${hint}`,
  ]);
});

test("a deploy waits at most ten seconds for a slow CA", async () => {
  const world = certificateWorld(["a.test"]);
  world.silent.add("a.test");
  const begun = world.clock.now();
  assert.deepEqual(await deploy(world, ["a.test"]), [
    "step: waiting for the certificate of a.test",
    "warning: a.test has no certificate yet; http does not redirect until it comes",
    "hint: follow the request: mypaas cert",
  ]);
  assert.equal(world.clock.now() - begun, 10_000);
});

test("a cancelled deploy does not wait for certificates", async () => {
  const world = certificateWorld(["a.test"]);
  world.silent.add("a.test");
  const begun = world.clock.now();
  await deploy(world, ["a.test"], { signal: AbortSignal.abort() });
  assert.equal(world.clock.now(), begun);
});
