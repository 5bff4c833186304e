import assert from "node:assert/strict";
import { test } from "node:test";
import { isAddress, readResolver, resolverWithPort } from "../../../src/core/server/addresses.ts";

test("a DNS server is an address with or without a port", () => {
  const cases = [
    ["1.1.1.1", "1.1.1.1", "1.1.1.1:53"],
    ["10.0.0.2:5353", "10.0.0.2:5353", "10.0.0.2:5353"],
    ["2001:db8::1", "2001:db8::1", "[2001:db8::1]:53"],
    ["[2001:db8::1]", "2001:db8::1", "[2001:db8::1]:53"],
    ["[::1]:5353", "[::1]:5353", "[::1]:5353"],
  ] as const;
  for (const [text, kept, withPort] of cases) {
    assert.equal(readResolver(text), kept);
    assert.equal(resolverWithPort(kept), withPort);
  }
  const bad = ["", "dns.test", "1.1.1", "1.1.1.1:", "1.1.1.1:0", "1.1.1.1:65536", "[1.1.1.1]:53"];
  for (const text of [...bad, "[::1", "::1]:53", "1.1.1.1:53:53", "public", "fe80::1%eth0"])
    assert.equal(readResolver(text), undefined, text);
});

test("an address is IPv4 or IPv6, without a port", () => {
  for (const text of ["0.0.0.0", "255.255.255.255", "::", "::1", "2001:DB8::1", "::ffff:1.2.3.4"])
    assert.equal(isAddress(text), true, text);
  for (const text of [
    "256.1.1.1",
    "01.1.1.1",
    "1.1.1",
    "1.1.1.1.1",
    ":",
    "1::2::3",
    "g::",
    "[::1]",
  ])
    assert.equal(isAddress(text), false, text);
});
