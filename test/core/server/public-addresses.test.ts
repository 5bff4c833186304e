import assert from "node:assert/strict";
import { test } from "node:test";
import { isPublicAddress } from "../../../src/core/server/public-addresses.ts";

const places = ["1.1.1.1", "140.82.112.3", "172.15.0.1", "172.32.0.1", "2606:4700::1111"];
const special = [
  "0.0.0.0",
  "10.1.2.3",
  "100.64.0.1",
  "127.0.0.1",
  "127.255.255.254",
  "169.254.169.254",
  "172.17.0.1",
  "172.31.255.255",
  "192.0.0.192",
  "192.168.1.1",
  "198.19.0.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::ffff:127.0.0.1",
  "::ffff:169.254.169.254",
  "::ffff:0a00:0001",
  "::7f00:1",
  "64:ff9b::7f00:1",
  "64:ff9b::a9fe:a9fe",
  "64:ff9b:1::1",
  "100::1",
  "2001::1",
  "2001:db8::1",
  "2002:7f00:1::",
  "2002:a9fe:a9fe::1",
  "3fff::1",
  "5f00::1",
  "fc00::1",
  "fd00::1",
  "fd00:ec2::254",
  "fe80::1",
  "fec0::1",
  "ff02::1",
  "localhost",
  "127.1",
  "0x7f.0.0.1",
  "2130706433",
  "fe80::1%eth0",
  "",
];

for (const address of places)
  test(`${address} is a place on the internet`, () => assert.ok(isPublicAddress(address)));
for (const address of special)
  test(`${JSON.stringify(address)} is none`, () => assert.ok(!isPublicAddress(address)));
test("an IPv4 address inside IPv6 counts as what it is", () =>
  assert.ok(isPublicAddress("::ffff:1.1.1.1")));
