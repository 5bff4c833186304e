import assert from "node:assert/strict";
import { test } from "node:test";
import { parseSockets } from "../../src/deploy/proc-net-tcp.ts";
import { listeners } from "../../src/deploy/trouble.ts";

const head =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
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

test("a table that is empty or cut off is read as far as it goes", () => {
  assert.deepEqual(parseSockets(""), []);
  assert.deepEqual(parseSockets(`${head}\n   0: 00000000:0BB8 0000`), []);
});

test("Docker's own DNS server is not something the service listens with", () => {
  const table = `   0: 0B00007F:B0B1 00000000:0000 0A ${rest}\n   1: 00000000:1F90 00000000:0000 0A ${rest}`;
  assert.deepEqual(listeners(parseSockets(table)), [{ address: "0.0.0.0", port: 8080 }]);
});
