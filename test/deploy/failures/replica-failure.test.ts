import assert from "node:assert/strict";
import { test } from "node:test";
import { listeners } from "../../../src/deploy/failures/replica-failure.ts";

const listening = (localAddress: string, localPort: number) => ({
  state: "listening" as const,
  localAddress,
  localPort,
  remoteAddress: "0.0.0.0",
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
