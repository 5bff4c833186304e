import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isOpenPort,
  mayReach,
  readAllowed,
  readTarget,
  type EgressOrder,
} from "../../../src/core/server/egress-container.ts";

const strict: Pick<EgressOrder, "own" | "allow"> = {
  own: ["140.82.112.9", "2606:4700::9"],
  allow: [],
};
const loose: typeof strict = { own: [], allow: ["10.0.0.0/8", "127.0.0.1:8443", "[fd00::1]:3000"] };

const cases: readonly [typeof loose, string, number, boolean][] = [
  [strict, "140.82.112.3", 443, true],
  [strict, "140.82.112.3", 22, true],
  [strict, "140.82.112.3", 80, false],
  [strict, "140.82.112.9", 443, false],
  [strict, "2606:4700:0:0::9", 443, false],
  [strict, "::ffff:140.82.112.9", 443, false],
  [strict, "10.0.0.5", 443, false],
  [loose, "10.0.0.5", 443, true],
  [loose, "10.0.0.5", 8443, false],
  [loose, "127.0.0.1", 8443, true],
  [loose, "127.0.0.1", 443, false],
  [loose, "127.0.0.2", 8443, false],
  [loose, "fd00::1", 3000, true],
  [loose, "140.82.112.3", 8443, false],
];
for (const [order, address, port, may] of cases)
  test(`${address} port ${port} is ${may ? "" : "not "}reached with ${order.allow.length} exceptions`, () =>
    assert.equal(mayReach(order, address, port), may));

test("a port is open where an exception names it", () => {
  assert.deepEqual(
    [443, 22, 80, 8443].map((port) => isOpenPort(loose, port)),
    [true, true, false, true],
  );
});

test("exceptions are addresses and ranges, with or without a port", () => {
  assert.deepEqual(readAllowed("10.0.0.0/8"), { range: "10.0.0.0/8", port: undefined });
  assert.deepEqual(readAllowed("10.0.0.5:3000"), { range: "10.0.0.5", port: 3000 });
  assert.deepEqual(readAllowed("[fd00::/16]:3000"), { range: "fd00::/16", port: 3000 });
  assert.deepEqual(readAllowed("fd00::1"), { range: "fd00::1", port: undefined });
  for (const wrong of [
    "",
    "git.local",
    "0.0.0.0/0",
    "10.0.0.5:0",
    "10.0.0.5:70000",
    "::/0",
    ":443",
  ])
    assert.equal(readAllowed(wrong), undefined, wrong);
});

test("a target is a name or an address with a port", () => {
  assert.deepEqual(readTarget("github.com:443"), { host: "github.com", port: 443 });
  assert.deepEqual(readTarget("[2606:4700::1]:22"), { host: "2606:4700::1", port: 22 });
  for (const wrong of [
    "github.com",
    "http://a:1",
    "a b:1",
    "[::1%lo]:1",
    "[zz]:1",
    "a:99999",
    "[:::1]:1",
  ])
    assert.equal(readTarget(wrong), undefined, wrong);
});
