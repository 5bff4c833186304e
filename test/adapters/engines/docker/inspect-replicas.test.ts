import assert from "node:assert/strict";
import { test } from "node:test";
import {
  connectionsTo,
  listeners,
} from "../../../../src/adapters/engines/docker/inspect-replicas.ts";
import { parseSockets, type KernelSocket } from "../../../../src/core/server/proc-net.ts";

const listening = (localAddress: string, localPort: number): KernelSocket => ({
  state: "listening",
  localAddress,
  localPort,
  remoteAddress: "0.0.0.0",
  remotePort: 0,
  inode: "1",
});

test("what a service listens with is named once, lowest port first, without Docker's own DNS server", () => {
  const sockets = [
    listening("0.0.0.0", 8080),
    listening("127.0.0.11", 45233),
    listening("127.0.0.1", 80),
    listening("0.0.0.0", 8080),
    { ...listening("0.0.0.0", 9), state: "established" as const },
  ];
  assert.deepEqual(listeners(sockets), [
    { address: "127.0.0.1", port: 80 },
    { address: "0.0.0.0", port: 8080 },
  ]);
});

/** One socket of Traefik at 10.20.0.2; the replica is at 10.20.0.5, port 3000. */
const cases: readonly [string, string, number][] = [
  ["an open connection counts", "0200140A:9C40 0500140A:0BB8 01", 1],
  ["a dial that has no answer yet counts", "0200140A:9C40 0500140A:0BB8 02", 1],
  ["one that Traefik has closed does not", "0200140A:9C40 0500140A:0BB8 05", 0],
  ["nor one that Traefik closed and the app did not", "0200140A:9C40 0500140A:0BB8 06", 0],
  ["nor one whose end Traefik has received", "0200140A:9C40 0500140A:0BB8 08", 0],
  ["nor one to another replica", "0200140A:9C40 0600140A:0BB8 01", 0],
  ["nor one to another port of it", "0200140A:9C40 0500140A:0BB9 01", 0],
  ["nor one that it opened itself", "0200140A:1F90 0500140A:9C41 01", 0],
];
for (const [title, line, count] of cases)
  test(`connections of Traefik: ${title}`, () => {
    const rest = "00000000:00000000 00:00000000 00000000     0        0 7 1 0 100 0 0 10 0";
    const sockets = parseSockets(`   0: ${line} ${rest}\n`);
    assert.equal(sockets.length, 1);
    assert.equal(connectionsTo({ address: "10.20.0.5", port: 3000 }, sockets), count);
  });
