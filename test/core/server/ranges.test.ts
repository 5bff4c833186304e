import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalAddress, inRange, readRange } from "../../../src/core/server/ranges.ts";
import { trustedRanges, trustsLocalProxy } from "../../../src/core/server/trusted-proxies.ts";

const none = "should be an address or a range such as 10.0.0.0/8";

for (const [text, expected] of [
  ["10.0.0.0/8", "10.0.0.0/8"],
  ["10.1.2.3", "10.1.2.3"],
  ["10.1.2.3/32", "10.1.2.3"],
  ["2001:DB8:0::/32", "2001:db8::/32"],
  ["2001:db8::1/128", "2001:db8::1"],
  ["::1", "::1"],
] as const)
  test(`the range ${text} is stored as ${expected}`, () =>
    assert.deepEqual(readRange(text), { range: expected }));

for (const [text, problem] of [
  ["", none],
  ["foo", none],
  ["10.0.0.0/", none],
  ["10.0.0.0/8/8", none],
  ["10.0.0/8", none],
  ["10.0.0.0/-1", none],
  ["10.0.0.0/8.5", none],
  ["fe80::1%eth0", none],
  ["[::1]", none],
  ["10.0.0.0/33", "a prefix of this address has at most 32 bits"],
  ["::1/129", "a prefix of this address has at most 128 bits"],
  ["::ffff:10.0.0.1/128", "a prefix of this address has at most 32 bits"],
  ["0.0.0.0/0", "trusts addresses of strangers; a range has at least 8 bits, such as 10.0.0.0/8"],
  ["0.0.0.0/1", "trusts addresses of strangers; a range has at least 8 bits, such as 10.0.0.0/8"],
  ["::/0", "trusts addresses of strangers; a range has at least 16 bits, such as 2001:db8::/32"],
  [
    "10.0.0.5/8",
    "the address has bits beyond the first 8; write 10.0.0.0/8 for the range, or 10.0.0.5 for one address",
  ],
  [
    "2001:db8::5/33",
    "the address has bits beyond the first 33; write 2001:db8::/33 for the range, or 2001:db8::5 for one address",
  ],
] as const)
  test(`${JSON.stringify(text)} is no range to trust`, () =>
    assert.deepEqual(readRange(text), { problem }));

test("a range holds its own addresses and no others", () => {
  const cases = [
    ["10.0.0.0/8", "10.255.255.255", true],
    ["10.0.0.0/8", "11.0.0.0", false],
    ["10.0.0.0/31", "10.0.0.1", true],
    ["10.0.0.0/31", "10.0.0.2", false],
    ["10.0.0.1", "10.0.0.1", true],
    ["2001:db8::/33", "2001:db8:7fff::1", true],
    ["2001:db8::/33", "2001:db8:8000::1", false],
    ["::1", "0:0:0:0:0:0:0:1", true],
    ["::/16", "0.0.0.1", false],
    ["10.0.0.0/8", "no address", false],
  ] as const;
  for (const [range, address, expected] of cases)
    assert.equal(inRange(range, address), expected, `${range} ${address}`);
});

test("an address has one spelling", () => {
  assert.equal(canonicalAddress("2001:DB8:0:0::1"), "2001:db8::1");
  assert.equal(canonicalAddress("::FFFF:10.0.0.1"), "10.0.0.1");
  assert.equal(canonicalAddress("10.0.0.1"), "10.0.0.1");
});

test("cloudflare stands for its published ranges, all of which could be named alone", () => {
  const ranges = trustedRanges({ trustProxy: ["cloudflare", "10.0.0.1"] });
  assert.equal(ranges.length, 23);
  for (const range of ranges) assert.deepEqual(readRange(range), { range });
  assert.deepEqual(trustedRanges({}), []);
});

test("a proxy on the server itself is trusted by its loopback address alone", () => {
  assert.equal(trustsLocalProxy({ trustProxy: ["127.0.0.0/8"] }), true);
  assert.equal(trustsLocalProxy({ trustProxy: ["::1"] }), true);
  assert.equal(trustsLocalProxy({ trustProxy: ["cloudflare"] }), false);
  assert.equal(trustsLocalProxy({}), false);
});
