import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultInterface, overlap, parseListeners } from "../../src/core/proc-net.ts";

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
      { address: "2001:db8:0:0:0:0:0:1", port: 80, inode: "7" },
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

test("two listeners at one port are in each other's way when one means every address or both the same", () => {
  const cases = [
    ["0.0.0.0", "127.0.0.1", true],
    ["127.0.0.1", "::", true],
    ["10.0.0.1", "10.0.0.1", true],
    ["10.0.0.1", "127.0.0.1", false],
  ] as const;
  for (const [a, b, expected] of cases) assert.equal(overlap(a, b), expected, `${a} ${b}`);
});

test("the default route with the lowest metric says by which interface the machine leaves", () => {
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
