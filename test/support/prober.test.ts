import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { startProber, type ProberReport } from "./prober.ts";

type Listener = (request: IncomingMessage, response: ServerResponse, serial: number) => void;

interface Load {
  readonly requests?: number;
  readonly timeoutMs?: number;
  /** Ends the load early. */
  readonly until?: (report: ProberReport) => boolean;
}

/** Sends requests to a server and says what the prober made of the answers. */
async function probe(listener: Listener, load: Load = {}) {
  const { requests = 30, timeoutMs = 10_000, until = () => false } = load;
  let serial = 0;
  const server = createServer((request, response) => listener(request, response, serial++));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const prober = startProber({
    address: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    host: "web.test",
    perSecond: 2_000,
    maxRequests: requests,
    echoPath: "/echo",
    slowPath: "/slow",
    timeoutMs,
  });
  while (prober.counts().sent < requests && !until(prober.counts()))
    await new Promise((resolve) => setImmediate(resolve));
  const report = await prober.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return report;
}

const answer = (request: IncomingMessage, response: ServerResponse, release: number): void => {
  response.setHeader("x-mypaas-release", `web/${release}`);
  request.pipe(response);
};

test("the prober counts every way of asking and who answered", async () => {
  const ways = new Set<string>();
  const report = await probe((request, response) => {
    ways.add(`${request.method} ${request.url} ${request.headers.connection}`);
    answer(request, response, 1);
  });
  assert.deepEqual(
    { ...report, p50: 0, p99: 0, longest: 0 },
    {
      sent: 30,
      answered: 30,
      failed: 0,
      reasons: {},
      byRelease: { "web/1": 30 },
      oldAfterNew: 0,
      p50: 0,
      p99: 0,
      longest: 0,
    },
  );
  assert.deepEqual([...ways].toSorted(), [
    "GET / close",
    "GET / keep-alive",
    "GET /slow keep-alive",
    "POST /echo keep-alive",
  ]);
});

test("the prober counts wrong bodies, bad statuses, cut connections and silence as failures", async () => {
  const report = await probe(
    (request, response) => {
      if (request.url === "/echo") response.end("something else");
      else if (request.url === "/slow") return;
      else if (request.headers.connection === "close") request.socket.destroy();
      else response.writeHead(502).end();
    },
    { timeoutMs: 700 },
  );
  assert.equal(report.failed, 30);
  assert.deepEqual(Object.keys(report.reasons).toSorted(), [
    "fresh: ECONNRESET",
    "keep-alive: status 502",
    "post: another body came back",
    "slow: no answer in 700 ms",
  ]);
});

test("the prober notices a request that the old release gets after the new one has answered", async () => {
  const report = await probe(
    (request, response, serial) => answer(request, response, serial === 0 ? 2 : 1),
    // However many leave before the first answer is there, some leave after it.
    { requests: 10_000, until: ({ oldAfterNew }) => oldAfterNew > 0 },
  );
  assert.ok(report.oldAfterNew > 0);
});

test("the prober talks to loopback only", () => {
  assert.throws(() => startProber({ address: "192.0.2.1", port: 80, host: "a" }), {
    message: "the prober talks to loopback only, not to 192.0.2.1",
  });
});
