import assert from "node:assert/strict";
import { test } from "node:test";
import {
  defaultInterface,
  overlap,
  parseListeners,
  parseSockets,
} from "../../../src/core/server/proc-net.ts";

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const line = (local: string, state: string, inode: string) =>
  `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0 0 10 0`;

test("listening sockets are read with address, port and inode, others are not", () => {
  const cases = [
    ["0100007F:0050", "0A", { address: "127.0.0.1", port: 80, inode: "7" }],
    ["00000000:01BB", "0A", { address: "0.0.0.0", port: 443, inode: "7" }],
    ["00000000000000000000000000000000:0050", "0A", { address: "::", port: 80, inode: "7" }],
    ["00000000000000000000000001000000:0050", "0A", { address: "::1", port: 80, inode: "7" }],
    ["0000000000000000FFFF00000100007F:0050", "0A", { address: "127.0.0.1", port: 80, inode: "7" }],
    [
      "B80D0120000000000000000001000000:0050",
      "0A",
      { address: "2001:db8::1", port: 80, inode: "7" },
    ],
    ["0100007F:0050", "01", undefined],
  ] as const;
  for (const [local, state, expected] of cases)
    assert.deepEqual(
      parseListeners(`${head}\n${line(local, state, "7")}\n`),
      expected ? [expected] : [],
    );
  assert.deepEqual(parseListeners(""), []);
  assert.deepEqual(parseListeners(`${head}\n   0: 0100`), []);
});

test("a listener keeps another from its port where it has every address, or the same; on :: it may have IPv4 too", () => {
  const cases = [
    ["0.0.0.0", "127.0.0.1", true],
    ["127.0.0.1", "0.0.0.0", true],
    ["::", "0.0.0.0", true],
    ["::", "127.0.0.1", true],
    ["::1", "::", true],
    ["127.0.0.1", "::", false],
    ["0.0.0.0", "::", false],
    ["0.0.0.0", "::1", false],
    ["::ffff:10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "127.0.0.1", false],
  ] as const;
  for (const [a, b, expected] of cases) assert.equal(overlap(a, b), expected, `${a} ${b}`);
});

test("the default interface is that of the default route with the lowest metric", () => {
  const route = (...lines: readonly string[]) => ["Iface\tDestination", ...lines].join("\n");
  const byDefault = (name: string, metric: number) =>
    `${name}\t00000000\t0101A8C0\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0`;
  const local = "eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0";
  assert.equal(
    defaultInterface(route(local, byDefault("wlan0", 600), byDefault("eth0", 100))),
    "eth0",
  );
  assert.equal(defaultInterface(route(local)), undefined);
  assert.equal(defaultInterface(""), undefined);
});

const rest = "00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0";

test("the kernel's socket tables are read with their addresses", () => {
  const table = [
    head,
    `   0: 00000000:0BB8 00000000:0000 0A ${rest}`,
    `   1: 0300AC12:0BB8 0200AC12:C350 01 ${rest}`,
    `   2: 0300AC12:0BB8 0200AC12:C351 06 ${rest}`,
    `   3: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A ${rest}`,
    `   4: 0000000000000000FFFF00000300AC12:0BB8 0000000000000000FFFF00000200AC12:C352 01 ${rest}`,
    `   5: B80D01200000000000000000010000A0:0050 00000000000000000000000000000000:0000 0A ${rest}`,
  ].join("\n");
  assert.deepEqual(
    parseSockets(table).map(
      ({ state, localAddress, localPort, remoteAddress }) =>
        `${state} ${localAddress} ${localPort} ${remoteAddress}`,
    ),
    [
      "listening 0.0.0.0 3000 0.0.0.0",
      "established 18.172.0.3 3000 18.172.0.2",
      "other 18.172.0.3 3000 18.172.0.2",
      "listening ::1 3000 ::",
      "established 18.172.0.3 3000 18.172.0.2",
      "listening 2001:db8::a000:1 80 ::",
    ],
  );
});

test("an empty or truncated table is read as far as possible", () => {
  assert.deepEqual(parseSockets(""), []);
  assert.deepEqual(parseSockets(`${head}\n   0: 00000000:0BB8 0000`), []);
});
