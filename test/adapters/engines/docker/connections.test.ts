import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { createConnections } from "../../../../src/adapters/engines/docker/connections.ts";

test("sockets of a running process are seen with state and port", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const sockets = (await createConnections().socketsOf(process.pid)) ?? [];
  server.close();
  const own = sockets.filter(({ localPort }) => localPort === port);
  assert.deepEqual(
    own.map(({ state, localAddress, remoteAddress }) => [state, localAddress, remoteAddress]),
    [["listening", "127.0.0.1", "0.0.0.0"]],
  );
});

test("a process that is gone has no sockets to speak of", async () => {
  assert.equal(await createConnections().socketsOf(0), undefined);
  assert.equal(await createConnections("/nowhere").socketsOf(1), undefined);
});
