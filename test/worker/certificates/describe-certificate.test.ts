import assert from "node:assert/strict";
import { test } from "node:test";
import { afterProbe, newRecord } from "../../../src/core/certificates/record.ts";
import {
  withManual,
  certificateInfo,
  unusedInfo,
  type ManualInfo,
} from "../../../src/worker/certificates/describe-certificate.ts";

const [from, now, until] = [0, Date.UTC(2026, 10, 21), Date.UTC(2027, 0, 1)];
const wanted = { host: "a.test", services: ["web"] };
const manual: ManualInfo = { host: "a.test", names: ["a.test"], issuer: "Somebody", from, until };
const served = { issuer: "Test CA", from, until, fingerprint: "f", isValid: true };
const issued = afterProbe(newRecord("a.test", now), served, { manual: new Set(), now });

test("a host has its certificate, or the reason why it waits", () => {
  const certificate = { issuer: "Test CA", from, until };
  assert.deepEqual(certificateInfo(wanted, issued), { ...wanted, state: "issued", certificate });
  assert.deepEqual(certificateInfo(wanted, newRecord("a.test", now)), {
    ...wanted,
    state: "asking",
  });
});

test("a manual certificate that is not served, or has ended, is mentioned", () => {
  const shown = certificateInfo(wanted, issued);
  assert.deepEqual(withManual(shown, manual, now), {
    ...shown,
    about: "not served",
    reason: "Traefik serves the certificate of Test CA for a.test, which has the same names",
    hint: "run on the server: sudo mypaas init; it restarts Traefik, which closes its ports for a moment",
  });
  const parts = [
    "add a newer one: ",
    "mypaas cert add a.test fullchain.pem key.pem",
    ", or let the CA issue one: ",
    "mypaas cert remove a.test",
  ];
  assert.deepEqual(withManual(shown, { ...manual, until: now - 1 }, now), {
    ...shown,
    reason: "the manual certificate ended on 2026-11-20",
    hint: parts.join(""),
    hintParts: parts,
  });
  const waiting = { ...wanted, state: "waiting", reason: "no DNS" } as const;
  assert.equal(
    withManual(waiting, { ...manual, until: now - 1 }, now).reason,
    "the manual certificate ended on 2026-11-20; no DNS",
  );
  const isOwn = { ...shown, state: "own" } as const;
  assert.equal(withManual(isOwn, manual, now), isOwn);
});

test("an unused manual certificate is listed as unused", () => {
  assert.deepEqual(unusedInfo(manual), {
    host: "a.test",
    services: [],
    state: "own",
    certificate: { issuer: "Somebody", from, until },
    unused: true,
  });
});
