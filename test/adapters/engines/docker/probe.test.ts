import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { probe } from "../../../../src/adapters/engines/docker/probe.ts";
import type { ProbeAnswer } from "../../../../src/deploy/ports.ts";

const address = "127.0.0.1";

async function withServer(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const http = { path: "/up", host: "example.com" };
const statuses: readonly [number, ProbeAnswer][] = [
  [200, { kind: "ready" }],
  [204, { kind: "ready" }],
  [302, { kind: "ready" }],
  [404, { kind: "status", status: 404 }],
  [503, { kind: "status", status: 503 }],
];

for (const [status, expected] of statuses) {
  test(`a health path that answers ${status} is ${expected.kind}`, async () => {
    const seen: (string | undefined)[] = [];
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      seen.push(request.url, request.headers.host);
      response.writeHead(status, { location: "/elsewhere" }).end();
    };
    await withServer(listener, async (port) => {
      assert.deepEqual(
        await probe({ address, port, http, protocol: "http", timeoutMs: 1_000 }),
        expected,
      );
    });
    assert.deepEqual(seen, ["/up", "example.com"]);
  });
}

test("a health path without an answer is slow after its timeout", async () => {
  await withServer(
    () => {},
    async (port) => {
      const answer = await probe({ address, port, http, protocol: "http", timeoutMs: 30 });
      assert.deepEqual(answer, { kind: "slow" });
    },
  );
});

test("a connection that is closed without an answer is unreachable", async () => {
  await withServer(
    (request) => request.socket.destroy(),
    async (port) => {
      const answer = await probe({ address, port, http, protocol: "http", timeoutMs: 1_000 });
      assert.deepEqual(answer, { kind: "unreachable", reason: "ECONNRESET" });
    },
  );
});

test("without a path a connection is enough, and a closed port is refused", async () => {
  let free = 0;
  await withServer(
    () => {},
    async (port) => {
      free = port;
      const ask = { address, port, http: undefined, protocol: "http", timeoutMs: 1_000 } as const;
      assert.deepEqual(await probe(ask), { kind: "ready" });
    },
  );
  for (const path of [undefined, http]) {
    const ask = { address, port: free, http: path, protocol: "http", timeoutMs: 1_000 } as const;
    assert.deepEqual(await probe(ask), { kind: "refused" });
  }
});
