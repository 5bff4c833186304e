import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";
import { findAccount, freeBytes, portHolder } from "../../../src/adapters/host/host-facts.ts";

test("the process on a port is named with its id", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  try {
    assert.match(
      (await portHolder("0.0.0.0", port)) ?? "",
      new RegExp(`^node \\(pid ${process.pid}\\)$`),
    );
    assert.equal(await portHolder("127.0.0.2", port), undefined);
  } finally {
    server.close();
  }
});

test("the disk of a folder that does not exist yet is that of its nearest parent", async () => {
  const free = await freeBytes("/nowhere/at/all");
  assert.ok(free > 0);
});

test("users are found by name and by number", async () => {
  assert.deepEqual(await findAccount("root"), await findAccount(0));
  assert.equal(await findAccount("nobody-has-this-name"), undefined);
});
