import assert from "node:assert/strict";
import { test } from "node:test";
import { certificateWorld } from "../../support/certificate-world.ts";

const refusal = { about: "refused", reason: "the CA says no", hint: "do better" };
const noDns = { about: "waiting for DNS", reason: "a.test has no address", hint: "set it" };

test("a host is asked for once, and redirects from the moment its certificate is served", async () => {
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

test("a deploy begins before its hosts are wanted, and what is there already redirects from the cut-over on", async () => {
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

test("a host that the CA would refuse is not asked for, looked at every minute, and asked for when all is well", async () => {
  const world = certificateWorld(["a.test"]);
  world.troubles.set("a.test", noDns);
  await world.live(5);
  const record = world.manager().record("a.test");
  assert.deepEqual([record?.phase, record?.trouble, record?.secured], ["waiting", noDns, false]);
  assert.deepEqual(world.log, []);
  world.troubles.clear();
  await world.live(1);
  assert.deepEqual(world.log.at(-1), "secured [a.test]");
  // Whoever has waited long is looked at less often.
  const patient = certificateWorld(["a.test"]);
  patient.troubles.set("a.test", noDns);
  await patient.live(35);
  patient.troubles.clear();
  await patient.live(1);
  assert.equal(patient.asked("a.test"), 0);
  await patient.live(10);
  assert.equal(patient.asked("a.test"), 1);
});

test("a CA that refuses is asked again after 15 minutes, an hour, four hours, and then daily, whatever is deployed meanwhile", async () => {
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

test("a retry asks at once, and never more than four times an hour", async () => {
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

test("a CA that limits until a moment is left alone until then", async () => {
  const world = certificateWorld(["a.test"]);
  const notBefore = world.clock.now() + 5 * 3_600_000;
  world.refusals.set("a.test", { ...refusal, notBefore });
  await world.manager().checkNow(["a.test"], "planned");
  assert.equal(world.record("a.test")?.next, notBefore);
});

test("a CA that never answers is given up after a minute", async () => {
  const world = certificateWorld(["a.test"]);
  world.silent.add("a.test");
  await world.manager().checkNow(["a.test"], "planned");
  const record = world.record("a.test");
  assert.deepEqual(
    [record?.phase, record?.trouble?.reason],
    ["failed", "no certificate came within 60 s"],
  );
});

test("while Traefik is away nothing is asked, and what redirects goes on to", async () => {
  const world = certificateWorld(["a.test", "b.test"]);
  await world.manager().checkNow(["a.test"], "planned");
  world.goAway(true);
  await world.live(3);
  assert.equal(world.log.filter((line) => line.startsWith("secured")).length, 1);
  assert.deepEqual([world.asked("b.test"), world.record("a.test")?.secured], [0, true]);
});

test("a certificate that is lost or has ended is asked for again at once, and http answers until it comes", async () => {
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

test("a worker that ended while it asked tries once more in a minute, unless the answer has come, and one that comes back goes on redirecting", async () => {
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

test("silence is no refusal: the first time it is asked again in a minute, then as after a refusal", async () => {
  const world = certificateWorld(["a.test"]);
  world.silent.add("a.test");
  await world.live(10);
  assert.equal(world.asked("a.test"), 2);
  const { next, phase } = world.record("a.test") ?? assert.fail();
  assert.ok(phase === "failed" && next - world.clock.now() > 30 * 60_000);
});

test("hosts do not wait for each other, and each is asked for once however often somebody wants it", async () => {
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

test("a wildcard is asked for over the DNS, and what it covers is not asked for at all", async () => {
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

test("a wildcard where nobody can be asked over the DNS says so", async () => {
  const world = certificateWorld(["*.a.test"]);
  await world.manager().checkNow(["*.a.test"], "planned");
  assert.deepEqual(world.record("*.a.test")?.trouble, {
    about: "waiting for DNS-01",
    reason: "domain *.a.test: https for a wildcard domain needs DNS-01 on the server",
    hint: "run on the server: sudo mypaas init --dns-provider NAME --dns-env FILE, or leave out mypaas.https",
  });
});

test("a name whose port 80 does not lead here is proved over the DNS where that can be", async () => {
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

test("a server without an email address asks nobody and says what to do", async () => {
  const none = certificateWorld(["a.test"], []);
  await none.manager().checkNow(["a.test"], "planned");
  assert.deepEqual(none.record("a.test")?.trouble, {
    about: "no email address",
    reason: "no certificate is requested, because this server has no email address",
    hint: "run on the server: sudo mypaas init --email you@example.com",
  });
});

test("a certificate that was brought by hand is known as one, and asks nobody", async () => {
  const world = certificateWorld(["a.test"]);
  const brought = world.certificate("Somebody");
  world.served.set("a.test", brought);
  world.manual.add(brought.fingerprint);
  await world.manager().checkNow(["a.test"], "planned");
  assert.deepEqual([world.record("a.test")?.phase, world.asked("a.test")], ["own", 0]);
});

test("a host that nobody wants any more is forgotten a day after the CA was asked, so that removing and pushing again asks no more often", async () => {
  const world = certificateWorld(["a.test"]);
  world.refusals.set("a.test", refusal);
  await world.manager().checkNow(["a.test"], "planned");
  world.want([]);
  await world.live(10);
  world.want(["a.test"]);
  await world.live(1);
  assert.equal(world.asked("a.test"), 1);
});

test("with hundreds of hosts one asks at a time, and each is asked for once", async () => {
  const hosts = Array.from({ length: 200 }, (_, n) => `h${n}.test`);
  const world = certificateWorld(hosts);
  for (const host of hosts) world.refusals.set(host, refusal);
  await world.manager().checkNow(hosts, "planned");
  assert.equal(world.most(), 1);
  assert.ok(hosts.every((host) => world.asked(host) === 1));
});

test("a wildcard that cannot be had keeps nobody below it waiting", async () => {
  const world = certificateWorld(["*.a.test", "x.a.test"], ["http", "dns"]);
  world.refusals.set("*.a.test", refusal);
  await world.manager().checkNow(["*.a.test", "x.a.test"], "planned");
  await world.live(2);
  assert.deepEqual(
    [world.record("*.a.test")?.phase, world.record("x.a.test")?.phase],
    ["failed", "issued"],
  );
});

test("a disk that is full ends nothing: the host asks no more, and all goes on when there is room", async () => {
  const world = certificateWorld(["a.test", "gone.test"]);
  await world.manager().checkNow(["gone.test"], "planned");
  world.want(["a.test"]);
  world.silent.add("a.test");
  const asking = world.manager().checkNow(["a.test"], "planned");
  await world.clock.sleep(1_000);
  world.fillDisk(true);
  await asking.catch(() => undefined);
  await world.clock.sleep(3 * 24 * 3_600_000);
  // The timer's own look; it must not throw, whatever has to be forgotten.
  world.manager().start();
  world.fillDisk(false);
  world.silent.clear();
  await world.live(20);
  assert.deepEqual([world.record("a.test")?.phase, world.open()], ["issued", []]);
  await world.manager().stop();
});

test("a withdrawal that could not be written is made up for", async () => {
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

test("a host that was requested early is not forgotten while its build goes on", async () => {
  const world = certificateWorld([]);
  world.served.set("old.test", world.certificate());
  await world.manager().requestEarly(["old.test"]);
  world.manager().start();
  await world.clock.sleep(1);
  assert.equal(world.manager().record("old.test").secured, true);
  await world.manager().stop();
});

test("a record from the future, of a clock that was wrong, holds nobody up", async () => {
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

test("one look that shows another certificate, as while Traefik starts, takes no redirect away", async () => {
  const world = certificateWorld(["a.test"]);
  await world.manager().checkNow(["a.test"], "planned");
  const certificate = world.served.get("a.test") ?? assert.fail();
  world.served.clear();
  void world.clock.sleep(1_000).then(() => world.served.set("a.test", certificate));
  await world.manager().checkNow(["a.test"], "planned");
  assert.deepEqual([world.record("a.test")?.phase, world.asked("a.test")], ["issued", 1]);
  assert.equal(world.log.at(-1), "secured [a.test]");
});

test("a Traefik that is away is said for a host that nothing is known of", async () => {
  const world = certificateWorld(["a.test"]);
  world.goAway(true);
  await world.manager().checkNow(["a.test"], "planned");
  assert.deepEqual(world.record("a.test")?.trouble, {
    about: "Traefik away",
    reason: "Traefik does not answer, and only Traefik can request certificates",
    hint: "start it, on the server: sudo mypaas init",
  });
});

test("a host that has gone from https to http is looked at and not asked for, as long as it is served", async () => {
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
