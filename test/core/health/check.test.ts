import assert from "node:assert/strict";
import { test } from "node:test";
import { shortList } from "../../../src/core/format.ts";
import { isAtLeast, type Finding, type Result } from "../../../src/core/health/check.ts";
import { judgeCertificate } from "../../../src/core/health/certificates.ts";
import { judgeDomain } from "../../../src/core/health/dns.ts";
import { judgeEngine, judgeRouting, judgeTraefik } from "../../../src/core/health/engine.ts";
import { judgeLoop, judgeTrust } from "../../../src/core/health/proxies.ts";
import { judgeClock, judgeDisk, judgeMemory, parseMemory } from "../../../src/core/health/host.ts";

const shown = ({ result, evidence }: Finding): string => `${result}: ${evidence}`;

function says(finding: Finding, expected: string): void {
  assert.equal(shown(finding), expected);
  assert.equal(
    finding.hint !== undefined,
    finding.result === "warning" || finding.result === "failed",
  );
}

test("versions are compared as numbers, and an unreadable one is too old", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["20.10.24+dfsg1", "20.10.0", true],
    ["20.9.99", "20.10", false],
    ["v3.7.13", "3.7.13", true],
    ["3.7.9", "3.7.13", false],
    ["29", "28.0.0", true],
    ["dev", "1", false],
    ["", "1", false],
  ];
  for (const [have, need, expected] of cases) assert.equal(isAtLeast(have, need), expected, have);
});

test("a long list ends with how many more there are", () => {
  assert.equal(shortList(["a", "b", "c"]), "a, b, c");
  assert.equal(shortList(["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
});

test("Docker: an old version fails, a known defect warns", () => {
  const engine = { apiVersion: "1.41", storageDriver: "overlay2", cgroupVersion: "2" };
  const cases: readonly (readonly [string, string, Result])[] = [
    ["19.03.15", "overlay2", "failed"],
    ["20.10.8", "overlay2", "warning"],
    ["20.10.24", "overlay2", "ok"],
    ["28.5.1", "vfs", "warning"],
    ["29.1.0", "overlayfs", "ok"],
  ];
  for (const [version, storageDriver, result] of cases)
    assert.equal(judgeEngine({ ...engine, version, storageDriver }).result, result, version);
  says(
    judgeEngine({ ...engine, version: "28.0.0", cgroupVersion: undefined }),
    "ok: 28.0.0, API 1.41, overlay2",
  );
});

test("Traefik: an old version and routers with errors fail", () => {
  says(judgeTraefik("3.7.15", "mypaas-traefik"), "ok: 3.7.15, answers in mypaas-traefik");
  says(judgeTraefik("3.5.0", "t"), "failed: 3.5.0: older than 3.7.13, which mypaas needs");
  says(judgeTraefik("", "t"), "failed: version unknown: older than 3.7.13, which mypaas needs");
  const good = { status: "enabled", errors: [] };
  says(judgeRouting({ a: good, b: good }, "t"), "ok: 2 routers without an error");
  says(
    judgeRouting(
      {
        a: good,
        b: { status: "disabled", errors: ["no service x"] },
        c: { status: "warning", errors: [] },
      },
      "t",
    ),
    "failed: router b is disabled: no service x, and 1 more",
  );
});

test("a disk warns below 15 % or 2 GB and fails below 5 %, in bytes and in inodes", () => {
  const disk = {
    path: "/var",
    totalBytes: 100e9,
    freeBytes: 50e9,
    totalInodes: 1000,
    freeInodes: 900,
  };
  const cases: readonly (readonly [Partial<typeof disk>, string])[] = [
    [{}, "ok: /var: 50 GB of 100 GB free (50 %)"],
    [{ freeBytes: 14.9e9 }, "warning: /var: 14.9 GB of 100 GB free (14 %)"],
    [{ freeBytes: 4.9e9 }, "failed: /var: 4.9 GB of 100 GB free (4 %)"],
    [{ totalBytes: 8e9, freeBytes: 1.9e9 }, "warning: /var: 1.9 GB of 8 GB free (23 %)"],
    [{ freeInodes: 100 }, "warning: /var: 10 % of the inodes free"],
    [{ freeInodes: 40 }, "failed: /var: 4 % of the inodes free"],
    [{ totalInodes: 0, freeInodes: 0 }, "ok: /var: 50 GB of 100 GB free (50 %)"],
    [{ totalBytes: 0, freeBytes: 0 }, "failed: /var: 0 B of 0 B free (0 %)"],
  ];
  for (const [change, expected] of cases) says(judgeDisk({ ...disk, ...change }), expected);
});

test("memory: little left warns and then fails, no swap on a small machine warns", () => {
  const gb = 1e9;
  const memory = {
    totalBytes: 4 * gb,
    availableBytes: 2 * gb,
    swapTotalBytes: gb,
    swapFreeBytes: gb,
  };
  const cases: readonly (readonly [Partial<typeof memory>, Result])[] = [
    [{}, "ok"],
    [{ availableBytes: 0.3 * gb }, "warning"],
    [{ availableBytes: 0.1 * gb }, "failed"],
    [{ swapFreeBytes: 0.05 * gb }, "warning"],
    [{ swapTotalBytes: 0, swapFreeBytes: 0 }, "ok"],
    [{ totalBytes: gb, availableBytes: gb / 2, swapTotalBytes: 0, swapFreeBytes: 0 }, "warning"],
  ];
  for (const [change, result] of cases)
    assert.equal(judgeMemory({ ...memory, ...change }).result, result, JSON.stringify(change));
  assert.deepEqual(
    parseMemory("MemTotal:  8 kB\nMemAvailable:   2 kB\nSwapTotal:  0 kB\nSwapFree:  0 kB\n"),
    { totalBytes: 8192, availableBytes: 2048, swapTotalBytes: 0, swapFreeBytes: 0 },
  );
  assert.equal(parseMemory("MemTotal: 8 kB\n"), undefined);
});

test("clocks: the time of the request is not counted; above 30 s warns, above 5 min fails", () => {
  const at = (server: number, roundTripMs = 0) => judgeClock({ server, here: 1e9, roundTripMs });
  says(at(1e9 + 20_000), "ok: 20 s apart");
  says(at(1e9 - 40_000, 15_000), "ok: 25 s apart");
  says(at(1e9 + 60_000), "warning: the server is 1 min ahead");
  says(at(1e9 - 400_000), "failed: the server is 6 min 40 s behind, so requests are refused");
});

test("a certificate warns two weeks before its end", () => {
  const day = 86_400_000;
  const certificate = { name: "the server's own", from: 0, until: 100 * day, renewal: "renew it" };
  const at = (days: number) => judgeCertificate(certificate, days * day);
  says(at(50), "ok: the server's own: valid until 1970-04-11");
  says(at(90), "failed: the server's own: valid until 1970-04-11");
  says(at(100), "failed: the server's own: expired on 1970-04-11");
  says(at(-1), "failed: the server's own: valid only from 1970-01-01");
});

test("a domain never fails, because addresses differ behind a NAT or a CDN", () => {
  const host = "www.example.com";
  const own = ["192.0.2.1", "2001:db8::1"];
  says(judgeDomain({ host, own, found: ["192.0.2.1"] }), "ok: 192.0.2.1");
  says(
    judgeDomain({ host, own, found: [] }),
    "warning: no address, expected 192.0.2.1, 2001:db8::1",
  );
  says(
    judgeDomain({ host, own, found: ["192.0.2.1", "192.0.2.9"] }),
    "warning: leads to 192.0.2.9, expected 192.0.2.1, 2001:db8::1",
  );
  says(judgeDomain({ host, own, found: undefined }), "warning: could not be looked up");
  assert.equal(
    judgeDomain({ host, own: ["2001:db8::1"], found: [] }).hint,
    "set the record at your DNS provider: www.example.com AAAA 2001:db8::1",
  );
});

test("a record for a family that the server does not listen on is told in those words", () => {
  const host = "www.example.com";
  const own = ["192.0.2.1", "2001:db8::1"];
  const finding = judgeDomain({ host, own, only: "IPv4", found: own });
  says(finding, "warning: leads to 2001:db8::1, and this server does not listen on IPv6");
  assert.equal(
    finding.hint,
    "listen on both families, on the server: sudo mypaas init --bind 0.0.0.0 ::; or delete the record at your DNS provider: www.example.com AAAA 2001:db8::1",
  );
  says(judgeDomain({ host, own, only: "IPv4", found: ["192.0.2.1"] }), "ok: 192.0.2.1");
  says(
    judgeDomain({ host, own, only: "IPv4", found: [] }),
    "warning: no address, expected 192.0.2.1",
  );
});

test("trusted proxies are shown, and a redirect to itself is a proxy that comes by http", () => {
  says(judgeTrust({}), "ok: none: clients cannot set X-Forwarded headers");
  says(judgeTrust({ trustProxy: ["cloudflare"] }), "ok: cloudflare may set X-Forwarded headers");
  const host = "a.test";
  const loop = "failed: https://a.test/ redirects to itself: the proxy asks this server by http";
  for (const location of ["https://a.test/", "/", "https://A.test:443/"]) {
    const finding = judgeLoop({ host, location, trust: {} });
    assert.ok(finding !== undefined, location);
    says(finding, loop);
    assert.match(finding.hint ?? "", /sudo mypaas init --trust-proxy cloudflare$/);
  }
  const trust = { trustProxy: ["cloudflare"] };
  const trusted = judgeLoop({ host, location: "https://a.test/", trust });
  assert.equal(
    trusted?.evidence,
    `${loop.slice("failed: ".length)}, and is not trusted or does not send X-Forwarded-Proto`,
  );
  for (const location of [undefined, "https://www.a.test/", "/login", "http://a.test/", "https://"])
    assert.equal(judgeLoop({ host, location, trust: {} }), undefined, location);
});
