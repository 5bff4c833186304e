import assert from "node:assert/strict";
import { test } from "node:test";
import {
  acmeOf,
  acmeStorage,
  isDefaultAcme,
  letsEncrypt,
  letsEncryptStaging,
  readAcmeServer,
} from "../../../src/core/server/acme.ts";

test("the default CA is Let's Encrypt, with certificates of 90 days", () => {
  const acme = acmeOf({});
  assert.deepEqual(acme, { server: letsEncrypt, hasCa: false, lifetimeHours: 2160 });
  assert.equal(isDefaultAcme(acme), true);
  const others = [
    { server: letsEncryptStaging },
    { hasCa: true },
    { lifetimeHours: 24 },
    { dnsProvider: "x" },
  ];
  for (const other of others) {
    const changed = { ...acme, ...other };
    assert.equal(isDefaultAcme(changed), false);
    assert.equal(acmeOf({ acme: changed }), changed);
  }
});

test("each directory of a CA has a file of its own", () => {
  const cases = [
    [letsEncrypt, "acme.json"],
    [letsEncryptStaging, "acme-staging-v02.api.letsencrypt.org.json"],
    ["https://ca.test/acme/one/directory", "ca.test-6995e1d7.json"],
    ["https://ca.test/acme/two/directory", "ca.test-ea595af4.json"],
    ["https://ca.test/dir", "ca.test-3f0f069f.json"],
    ["https://ca.test/dir?a=b", "ca.test-f21e4d47.json"],
    ["https://ca.test:14000/dir", "ca.test-14000-a0b46e77.json"],
    ["https://[::1]:14000/dir", "--1-14000-95429408.json"],
    ["https://acme/dir", "acme-b4f6da89.json"],
  ] as const;
  for (const [server, file] of cases) assert.equal(acmeStorage(server), file);
});

test("a CA is a URL with https", () => {
  const cases = [
    ["https://CA.test:443/Dir", "https://ca.test/Dir"],
    ["https://10.0.0.3:14000/dir?a=b", "https://10.0.0.3:14000/dir?a=b"],
    ["http://ca.test/dir", undefined],
    ["https://ann:secret@ca.test/dir", undefined],
    ["https://ca.test/dir#x", undefined],
    ["ca.test/dir", undefined],
    ["", undefined],
  ] as const;
  for (const [text, url] of cases) assert.equal(readAcmeServer(text), url, text);
});
