import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateWorld } from "../../support/certificate-world.ts";

const refusal = { about: "refused", reason: "the CA says no", hint: "do better" };
const noDns = { about: "waiting for DNS", reason: "a.test has no address", hint: "set it" };

test("a certificate is requested once, and http redirects when it is served", async () => {
  const world = certificateWorld(["a.test"]);
  await world.manager().checkNow(["a.test"], "planned");
  assert.deepEqual(world.log, [
    "asking [a.test by acme]",
    "order a.test",
    "asking []",
    "secured [a.test]",
  ]);
  const { phase, secured, served } = world.manager().record("a.test");
  assert.deepEqual([phase, secured, served?.issuer], ["issued", true, "Test CA"]);
  await world.live(100);
  assert.equal(world.log.length, 4);
});

test("a deploy requests certificates early, and a host that has one redirects at the cut-over", async () => {
  const world = certificateWorld([]);
  world.served.set("old.test", world.certificate());
  await world.manager().requestEarly(["old.test", "new.test"]);
  assert.deepEqual(world.log, ["secured [old.test]"]);
  await world.clock.sleep(5_000);
  assert.deepEqual(world.log.slice(1), [
    "asking [new.test by acme]",
    "order new.test",
    "asking []",
    "secured [new.test, old.test]",
  ]);
});

test("a host that the CA would refuse is checked every minute, and requested when the problem is gone", async () => {
  const world = certificateWorld(["a.test"]);
  world.troubles.set("a.test", noDns);
  await world.live(5);
  const record = world.manager().record("a.test");
  assert.deepEqual([record?.phase, record?.trouble, record?.secured], ["waiting", noDns, false]);
  assert.deepEqual(world.log, []);
  world.troubles.clear();
  await world.live(1);
  assert.deepEqual(world.log.at(-1), "secured [a.test]");
  // A host that has waited long is checked less often.
  const patient = certificateWorld(["a.test"]);
  patient.troubles.set("a.test", noDns);
  await patient.live(35);
  patient.troubles.clear();
  await patient.live(1);
  assert.equal(patient.asked("a.test"), 0);
  await patient.live(10);
  assert.equal(patient.asked("a.test"), 1);
});

test("after a refusal, the next requests come after 15 minutes, 1 h, 4 h and then daily, also with deploys in between", async () => {
  const world = certificateWorld(["a.test"]);
  world.refusals.set("a.test", refusal);
  const begun = world.clock.now();
  const times: number[] = [];
  for (let minute = 0; minute < 4 * 24 * 60; minute += 1) {
    const before = world.asked("a.test");
    // oxlint-disable-next-line no-await-in-loop
    await world.live(1);
    // oxlint-disable-next-line no-await-in-loop
    await world.manager().checkNow(["a.test"], "deploy");
    if (world.asked("a.test") > before)
      times.push(Math.round((world.clock.now() - begun) / 60_000));
  }
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  assert.deepEqual(
    gaps.map((gap) => Math.round(gap / 5) * 5),
    [15, 60, 240, 1440, 1440, 1440],
  );
  const record = world.manager().record("a.test");
  assert.deepEqual([record?.phase, record?.trouble], ["failed", refusal]);
});

test("a retry requests at once, but at most four times an hour", async () => {
  const world = certificateWorld(["a.test"]);
  world.refusals.set("a.test", refusal);
  for (let n = 0; n < 10; n += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await world.manager().checkNow(["a.test"], "retry");
  }
  assert.equal(world.asked("a.test"), 4);
  const record = world.manager().record("a.test");
  assert.equal(record?.trouble?.reason, "the CA had 4 requests within an hour");
  world.refusals.clear();
  await world.live(61);
  assert.deepEqual([world.asked("a.test"), world.record("a.test")?.phase], [5, "issued"]);
});

test("no request is made before the end of a rate limit", async () => {
  const world = certificateWorld(["a.test"]);
  const notBefore = world.clock.now() + 5 * 3_600_000;
  world.refusals.set("a.test", { ...refusal, notBefore });
  await world.manager().checkNow(["a.test"], "planned");
  assert.equal(world.record("a.test")?.next, notBefore);
});

test("a request without an answer fails after a minute", async () => {
  const world = certificateWorld(["a.test"]);
  world.silent.add("a.test");
  await world.manager().checkNow(["a.test"], "planned");
  const record = world.record("a.test");
  assert.deepEqual(
    [record?.phase, record?.trouble?.reason],
    ["failed", "no certificate came within 60 s"],
  );
});

test("while Traefik is away, nothing is requested, and redirects stay", async () => {
  const world = certificateWorld(["a.test", "b.test"]);
  await world.manager().checkNow(["a.test"], "planned");
  world.goAway(true);
  await world.live(3);
  assert.equal(world.log.filter((line) => line.startsWith("secured")).length, 1);
  assert.deepEqual([world.asked("b.test"), world.record("a.test")?.secured], [0, true]);
});

test("a lost or ended certificate is requested again at once, and http answers until it comes", async () => {
  const world = certificateWorld(["a.test"]);
  await world.manager().checkNow(["a.test"], "planned");
  world.served.clear();
  world.log.length = 0;
  await world.live(1);
  assert.deepEqual(world.log, [
    "secured []",
    "asking [a.test by acme]",
    "order a.test",
    "asking []",
    "secured [a.test]",
  ]);
});

test("after a restart, an open request is repeated in a minute unless it was answered, and redirects stay", async () => {
  const world = certificateWorld(["a.test", "b.test"]);
  await world.manager().checkNow(["b.test"], "planned");
  world.silent.add("a.test");
  const asking = world.manager().checkNow(["a.test"], "planned");
  await world.clock.sleep(2_000);
  assert.equal(world.record("a.test")?.phase, "asking");
  await world.manager().stop();
  await asking;
  world.restart();
  const records = ["a.test", "b.test"].map((host) => world.manager().record(host));
  assert.deepEqual(
    records.map(({ phase, secured, failures }) => [phase, secured, failures]),
    [
      ["asking", false, 0],
      ["issued", true, 0],
    ],
  );
  await world.manager().checkNow(["a.test"], "planned");
  assert.equal(world.asked("a.test"), 1);
  world.silent.clear();
  await world.live(2);
  assert.deepEqual([world.asked("a.test"), world.record("a.test")?.phase], [2, "issued"]);
});

test("after the first request without an answer, the next comes in a minute, later ones as after a refusal", async () => {
  const world = certificateWorld(["a.test"]);
  world.silent.add("a.test");
  await world.live(10);
  assert.equal(world.asked("a.test"), 2);
  const { next, phase } = world.record("a.test") ?? assert.fail();
  assert.ok(phase === "failed" && next - world.clock.now() > 30 * 60_000);
});

test("hosts do not wait for each other, and parallel checks make one request each", async () => {
  const world = certificateWorld(["a.test", "b.test"]);
  world.silent.add("a.test");
  const manager = world.manager();
  await Promise.all([
    manager.checkNow(["a.test", "b.test"], "planned"),
    manager.checkNow(["a.test", "b.test"], "planned"),
    manager.checkNow(["b.test"], "deploy"),
  ]);
  assert.deepEqual([world.asked("a.test"), world.asked("b.test")], [1, 1]);
  assert.deepEqual(world.log.at(-1), "secured [b.test]");
});

test("a wildcard uses DNS-01, and hosts that it covers are not requested", async () => {
  const world = certificateWorld(["*.a.test", "a.test", "x.a.test"], ["http", "dns"]);
  await world.manager().checkNow(["*.a.test", "a.test", "x.a.test"], "planned");
  assert.deepEqual(
    ["*.a.test", "a.test", "x.a.test"].map((host) => world.asked(host)),
    [1, 1, 0],
  );
  assert.ok(world.log.some((line) => line.includes("*.a.test by acme-dns")));
  assert.equal(world.record("x.a.test")?.trouble?.about, "waiting for *.a.test");
  world.served.set("x.a.test", world.certificate());
  await world.live(2);
  assert.equal(world.record("x.a.test")?.phase, "issued");
});

test("a wildcard without DNS-01 has that as its reason", async () => {
  const world = certificateWorld(["*.a.test"]);
  await world.manager().checkNow(["*.a.test"], "planned");
  assert.deepEqual(world.record("*.a.test")?.trouble, {
    about: "waiting for DNS-01",
    reason: "domain *.a.test: https for a wildcard domain needs DNS-01 on the server",
    hint: "run on the server: sudo mypaas init --dns-provider NAME --dns-env FILE, or leave out mypaas.https",
  });
});

test("a host whose port 80 does not lead here uses DNS-01 if there is a provider", async () => {
  const world = certificateWorld(["a.test"], ["http", "dns"]);
  world.troubles.set("http a.test", noDns);
  await world.manager().checkNow(["a.test"], "planned");
  assert.equal(world.log[0], "asking [a.test by acme-dns]");
  // Where both fail, the first reason is the one that people can do something about.
  const other = certificateWorld(["a.test"], ["http", "dns"]);
  other.troubles.set("http a.test", noDns);
  other.troubles.set("dns a.test", refusal);
  await other.manager().checkNow(["a.test"], "planned");
  assert.deepEqual(other.record("a.test")?.trouble, noDns);
});

test("a server without an email address requests nothing and has a hint", async () => {
  const none = certificateWorld(["a.test"], []);
  await none.manager().checkNow(["a.test"], "planned");
  assert.deepEqual(none.record("a.test")?.trouble, {
    about: "no email address",
    reason: "no certificate is requested, because this server has no email address",
    hint: "run on the server: sudo mypaas init --email you@example.com",
    hintParts: ["run on the server: sudo ", "mypaas init --email you@example.com"],
  });
});

test("a manual certificate is recognised, and nothing is requested", async () => {
  const world = certificateWorld(["a.test"]);
  const brought = world.certificate("Somebody");
  world.served.set("a.test", brought);
  world.manual.add(brought.fingerprint);
  await world.manager().checkNow(["a.test"], "planned");
  assert.deepEqual([world.record("a.test")?.phase, world.asked("a.test")], ["own", 0]);
});

test("a host without a service is forgotten a day after its last request, so that pushing it again makes no extra request", async () => {
  const world = certificateWorld(["a.test"]);
  world.refusals.set("a.test", refusal);
  await world.manager().checkNow(["a.test"], "planned");
  world.want([]);
  await world.live(10);
  world.want(["a.test"]);
  await world.live(1);
  assert.equal(world.asked("a.test"), 1);
});

test("with hundreds of hosts, one request runs at a time, and each host has one", async () => {
  const hosts = Array.from({ length: 200 }, (_, n) => `h${n}.test`);
  const world = certificateWorld(hosts);
  for (const host of hosts) world.refusals.set(host, refusal);
  await world.manager().checkNow(hosts, "planned");
  assert.equal(world.most(), 1);
  assert.ok(hosts.every((host) => world.asked(host) === 1));
});

test("a wildcard that fails does not delay the hosts that it covers", async () => {
  const world = certificateWorld(["*.a.test", "x.a.test"], ["http", "dns"]);
  world.refusals.set("*.a.test", refusal);
  await world.manager().checkNow(["*.a.test", "x.a.test"], "planned");
  await world.live(2);
  assert.deepEqual(
    [world.record("*.a.test")?.phase, world.record("x.a.test")?.phase],
    ["failed", "issued"],
  );
});

test("a full disk stops no check: the request ends, and all goes on when there is room", async () => {
  const world = certificateWorld(["a.test", "gone.test"]);
  await world.manager().checkNow(["gone.test"], "planned");
  world.want(["a.test"]);
  world.silent.add("a.test");
  const asking = world.manager().checkNow(["a.test"], "planned");
  await world.clock.sleep(1_000);
  world.fillDisk(true);
  await asking.catch(() => undefined);
  await world.clock.sleep(3 * 24 * 3_600_000);
  // The check of the timer must not throw, also when records cannot be removed.
  world.manager().start();
  world.fillDisk(false);
  world.silent.clear();
  await world.live(20);
  assert.deepEqual([world.record("a.test")?.phase, world.open()], ["issued", []]);
  await world.manager().stop();
});

test("a request's router is removed later if the file could not be written", async () => {
  const world = certificateWorld(["a.test"]);
  world.silent.add("a.test");
  const { manager } = world;
  const asking = manager().checkNow(["a.test"], "planned");
  world.fillDisk(true);
  await asking.catch(() => undefined);
  world.fillDisk(false);
  await manager().checkNow(["a.test"], "planned");
  await world.live(1);
  assert.deepEqual(world.open(), []);
});

test("a host that was requested early is kept during its build", async () => {
  const world = certificateWorld([]);
  world.served.set("old.test", world.certificate());
  await world.manager().requestEarly(["old.test"]);
  world.manager().start();
  await world.clock.sleep(1);
  assert.equal(world.manager().record("old.test").secured, true);
  await world.manager().stop();
});

test("a record from the future, written by a wrong clock, delays nothing", async () => {
  const world = certificateWorld(["a.test"]);
  world.troubles.set("a.test", noDns);
  await world.manager().checkNow(["a.test"], "planned");
  const year = 365 * 24 * 3_600_000;
  const record = world.record("a.test") ?? assert.fail();
  world.store({ ...record, since: record.since + year, next: record.next + year });
  world.restart();
  world.troubles.clear();
  await world.live(1);
  assert.equal(world.record("a.test")?.phase, "issued");
});

test("a single wrong probe, as while Traefik starts, removes no redirect", async () => {
  const world = certificateWorld(["a.test"]);
  await world.manager().checkNow(["a.test"], "planned");
  const certificate = world.served.get("a.test") ?? assert.fail();
  world.served.clear();
  void world.clock.sleep(1_000).then(() => world.served.set("a.test", certificate));
  await world.manager().checkNow(["a.test"], "planned");
  assert.deepEqual([world.record("a.test")?.phase, world.asked("a.test")], ["issued", 1]);
  assert.equal(world.log.at(-1), "secured [a.test]");
});

test('a new host has "Traefik away" as its reason', async () => {
  const world = certificateWorld(["a.test"]);
  world.goAway(true);
  await world.manager().checkNow(["a.test"], "planned");
  assert.deepEqual(world.record("a.test")?.trouble, {
    about: "Traefik away",
    reason: "Traefik does not answer, and only Traefik can request certificates",
    hint: "start it, on the server: sudo mypaas init",
    hintParts: ["start it, on the server: sudo ", "mypaas init"],
  });
});

test("a host that moved from https to http is probed but not requested", async () => {
  const world = certificateWorld(["a.test"]);
  await world.manager().checkNow(["a.test"], "planned");
  world.want([]);
  world.serveHttp(["a.test"]);
  await world.clock.sleep(3 * 24 * 3_600_000);
  const look = async () => {
    world.manager().start();
    await world.clock.sleep(5_000);
    await world.manager().stop();
    world.restart();
  };
  await look();
  assert.equal(world.record("a.test")?.secured, true);
  world.served.clear();
  await look();
  assert.deepEqual([world.record("a.test")?.secured, world.asked("a.test")], [false, 1]);
});
