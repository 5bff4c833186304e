import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import { test } from "node:test";
import {
  identityFile,
  makeIdentity,
  readIdentity,
} from "../../../src/adapters/host/certificate.ts";

const now = Date.UTC(2026, 10, 21);

test("the server's certificate is EC P-256, for its own name, for a century", async () => {
  const identity = await makeIdentity("0123456789abcdef", now);
  const parsed = new X509Certificate(identity.certificate);
  assert.equal(parsed.publicKey.asymmetricKeyDetails?.namedCurve, "prime256v1");
  assert.equal(
    parsed.checkHost("0123456789abcdef.mypaas.invalid"),
    "0123456789abcdef.mypaas.invalid",
  );
  assert.equal(parsed.ca, false);
  assert.equal(new Date(parsed.validTo).getUTCFullYear(), 2126);
  assert.ok(Date.parse(parsed.validFrom) < now);
  const spki = parsed.publicKey.export({ type: "spki", format: "der" });
  assert.equal(identity.pin, createHash("sha256").update(spki).digest("base64url"));
});

test("an identity is read back from its file, with any line ends", async () => {
  const identity = await makeIdentity("0123456789abcdef", now);
  assert.deepEqual(readIdentity(identityFile(identity)), identity);
  assert.deepEqual(readIdentity(identityFile(identity).replaceAll("\n", "\r\n")), identity);
});

test("half a file, and a key that belongs to another certificate, are not an identity", async () => {
  const one = await makeIdentity("0123456789abcdef", now);
  const two = await makeIdentity("0123456789abcdef", now);
  assert.throws(() => readIdentity(""), /no certificate and private key/);
  assert.throws(() => readIdentity(one.certificate), /no certificate and private key/);
  assert.throws(
    () => readIdentity(one.certificate + two.privateKey),
    /does not match the certificate/,
  );
});
