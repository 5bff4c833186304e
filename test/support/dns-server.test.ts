import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { after, before, beforeEach, test } from "node:test";
import type { DnsRecords } from "./dns-message.ts";
import { startDns, type DnsServer } from "./dns-server.ts";

let dns: DnsServer;
const resolver = new Resolver({ timeout: 1000, tries: 1 });

before(async () => {
  dns = await startDns();
  resolver.setServers([`127.0.0.1:${dns.port}`]);
});
after(() => dns.close());
beforeEach(() => dns.silence(false));

const long = "x".repeat(700);
const records: Required<DnsRecords> = {
  A: ["127.77.13.5", "192.0.2.1"],
  AAAA: ["2001:db8::1", "::1", "2001:db8:1:2:3:4:5:6", "::ffff:c000:201"],
  TXT: ["one", ""],
  CAA: [
    { flags: 0, tag: "issue", value: "letsencrypt.org" },
    { flags: 128, tag: "issuewild", value: ";" },
  ],
};

test("every type of record comes back as it was set", async () => {
  dns.set("A.test", records);
  assert.deepEqual(await resolver.resolve4("a.test"), records.A);
  assert.deepEqual(await resolver.resolve6("a.TEST"), [
    ...records.AAAA.slice(0, 3),
    "::ffff:192.0.2.1",
  ]);
  assert.deepEqual(await resolver.resolveTxt("a.test"), [["one"], [""]]);
  assert.deepEqual(await resolver.resolveCaa("a.test"), [
    { critical: 0, issue: "letsencrypt.org", type: "CAA" },
    { critical: 128, issuewild: ";", type: "CAA" },
  ]);
});

test("an answer that is too long for UDP comes over TCP", async () => {
  dns.set("long.test", { TXT: [long] });
  const before = dns.asked.length;
  const [parts = []] = await resolver.resolveTxt("long.test");
  assert.deepEqual(
    parts.map((part) => part.length),
    [255, 255, 190],
  );
  assert.deepEqual(dns.asked.slice(before), ["long.test TXT", "long.test TXT"]);
});

test("the last label is a zone, so that lego finds it", async () => {
  const { nsname, hostmaster } = await resolver.resolveSoa("test");
  assert.deepEqual([nsname, hostmaster], ["ns.test", "hostmaster.test"]);
  assert.deepEqual(await resolver.resolveNs("test"), ["ns.test"]);
});

for (const [name, type, code] of [
  ["b.test", "A", "ENODATA"],
  ["b.test", "AAAA", "ENODATA"],
  ["b.test", "CAA", "ENODATA"],
  ["b.test", "SOA", "ENODATA"],
  ["under.test", "A", "ENODATA"],
  ["missing.test", "A", "ENOTFOUND"],
  ["missing.test", "CAA", "ENOTFOUND"],
  ["removed.test", "A", "ENOTFOUND"],
  ["x.y.wild.test", "A", "ENOTFOUND"],
] as const)
  test(`${type} of ${name}: ${code}`, async () => {
    dns.set("b.test", { TXT: ["only"], A: [] });
    dns.set("_acme-challenge.under.test", { TXT: ["below"] });
    dns.set("removed.test", { A: ["127.0.0.1"] });
    dns.remove("Removed.test");
    dns.set("*.wild.test", { A: ["127.0.0.2"] });
    await assert.rejects(resolver.resolve(name, type), { code });
  });

test("a wildcard answers for the names one label below", async () => {
  dns.set("*.star.test", { A: ["127.0.0.2"] });
  assert.deepEqual(await resolver.resolve4("any.star.test"), ["127.0.0.2"]);
});

test("a silent server counts what it is asked and says nothing", async () => {
  dns.set("quiet.test", records);
  dns.silence(true);
  const impatient = new Resolver({ timeout: 100, tries: 1 });
  impatient.setServers([`127.0.0.1:${dns.port}`]);
  await assert.rejects(impatient.resolve4("quiet.test"), { code: "ETIMEOUT" });
  assert.ok(dns.asked.includes("quiet.test A"));
});
