import assert from "node:assert/strict";
import { test } from "node:test";
import { newRecord, seen } from "../../../src/core/certificates/record.ts";
import {
  besideOwn,
  certificateInfo,
  unusedInfo,
  type OwnInfo,
} from "../../../src/worker/certificates/describe-certificate.ts";

const [from, now, until] = [0, Date.UTC(2026, 10, 21), Date.UTC(2027, 0, 1)];
const wanted = { host: "a.test", services: ["web"] };
const own: OwnInfo = { host: "a.test", names: ["a.test"], issuer: "Somebody", from, until };
const served = { issuer: "Test CA", from, until, fingerprint: "f", isValid: true };
const issued = seen(newRecord("a.test", now), served, { own: new Set(), now });

test("a host shows its certificate, and one that waits why", () => {
  const certificate = { issuer: "Test CA", from, until };
  assert.deepEqual(certificateInfo(wanted, issued), { ...wanted, state: "issued", certificate });
  assert.deepEqual(certificateInfo(wanted, newRecord("a.test", now)), {
    ...wanted,
    state: "asking",
  });
});

test("a certificate that was brought and is not shown is spoken of, and so is one that has ended", () => {
  const shown = certificateInfo(wanted, issued);
  assert.deepEqual(besideOwn(shown, own, now), {
    ...shown,
    about: "not shown",
    reason: "Traefik shows the certificate of Test CA for a.test, which it has for the same names",
    hint: "run on the server: sudo mypaas init; it restarts Traefik, which closes its ports for a moment",
  });
  const parts = [
    "bring a newer one: ",
    "mypaas cert add a.test fullchain.pem key.pem",
    ", or leave it to the CA: ",
    "mypaas cert remove a.test",
  ];
  assert.deepEqual(besideOwn(shown, { ...own, until: now - 1 }, now), {
    ...shown,
    reason: "the certificate that was added ended on 2026-11-20",
    hint: parts.join(""),
    hintParts: parts,
  });
  const waiting = { ...wanted, state: "waiting", reason: "no DNS" } as const;
  assert.equal(
    besideOwn(waiting, { ...own, until: now - 1 }, now).reason,
    "the certificate that was added ended on 2026-11-20; no DNS",
  );
  const isOwn = { ...shown, state: "own" } as const;
  assert.equal(besideOwn(isOwn, own, now), isOwn);
});

test("one that nobody has a use for is listed as such", () => {
  assert.deepEqual(unusedInfo(own), {
    host: "a.test",
    services: [],
    state: "own",
    certificate: { issuer: "Somebody", from, until },
    unused: true,
  });
});
