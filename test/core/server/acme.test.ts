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

test("without a word Let's Encrypt is asked, whose certificates last 90 days", () => {
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

test("each CA has a file of its own", () => {
  const cases = [
    [letsEncrypt, "acme.json"],
    [letsEncryptStaging, "acme-staging-v02.api.letsencrypt.org.json"],
    ["https://ca.test/dir", "ca.test.json"],
    ["https://ca.test:14000/dir", "ca.test-14000.json"],
    ["https://[::1]:14000/dir", "--1-14000.json"],
    ["https://acme/dir", "acme-443.json"],
    ["https://acme:9000/dir", "acme-9000.json"],
  ] as const;
  for (const [server, file] of cases) assert.equal(acmeStorage(server), file);
});

test("a CA is a place that is reached by https", () => {
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
