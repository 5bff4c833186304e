import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createLoadApp, loadPaths, releaseHeader } from "./load-app.ts";
import { startProber, type ProberOptions, type ProberReport } from "./prober.ts";

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
  return probeServer(
    server,
    { requests, timeoutMs, until },
    { echoPath: "/echo", slowPath: "/slow" },
  );
}

async function probeServer(server: Server, load: Required<Load>, more: Partial<ProberOptions>) {
  const { requests, timeoutMs, until } = load;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const prober = startProber({
    address: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    host: "web.test",
    perSecond: 2_000,
    maxRequests: requests,
    timeoutMs,
    ...more,
  });
  // The counts sort all times, which is too much for each turn of the loop.
  while (prober.counts().sent < requests && !until(prober.counts())) await sleep(2);
  const report = await prober.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return report;
}

const answer = (request: IncomingMessage, response: ServerResponse, release: number): void => {
  response.setHeader("x-mypaas-release", `web/${release}`);
  request.pipe(response);
};

const countsOf = (report: ProberReport) => {
  const { sent, answered, failed, reasons, byRelease, oldAfterNew } = report;
  return { sent, answered, failed, reasons, byRelease, oldAfterNew };
};

test("the prober counts every way of asking and who answered", async () => {
  const ways = new Set<string>();
  const report = await probe((request, response) => {
    ways.add(`${request.method} ${request.url} ${request.headers.connection}`);
    answer(request, response, 1);
  });
  assert.deepEqual(countsOf(report), {
    sent: 30,
    answered: 30,
    failed: 0,
    reasons: {},
    byRelease: { "web/1": 30 },
    oldAfterNew: 0,
  });
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
    { timeoutMs: 300 },
  );
  assert.equal(report.failed, 30);
  assert.deepEqual(Object.keys(report.reasons).toSorted(), [
    "fresh: ECONNRESET",
    "keep-alive: status 502",
    "post: another body came back",
    "slow: no answer in 300 ms",
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

const quickPace = { slowMs: 50, betweenEventsMs: 10 };
const quick = { betweenTextsMs: quickPace.betweenEventsMs };
const whole = { requests: 50, timeoutMs: 10_000, until: () => false };

test("the prober follows events and talks over a WebSocket to the end", async () => {
  const app = createLoadApp("web/7", quickPace);
  const report = await probeServer(app, whole, { ...loadPaths, releaseHeader, ...quick });
  assert.deepEqual(countsOf(report), {
    sent: 50,
    answered: 50,
    failed: 0,
    reasons: {},
    byRelease: { "web/7": 50 },
    oldAfterNew: 0,
  });
  const { stream, socket, slow, post } = report.byWay;
  assert.deepEqual(
    [stream, socket, slow, post].map((way) => way?.answered),
    [1, 1, 5, 14],
  );
});

test("the prober counts a stream and a WebSocket that break in the middle as failures", async () => {
  const app = createLoadApp("web/7", quickPace);
  const { streamPath, socketPath } = loadPaths;
  const breakOff = ({ url, socket }: IncomingMessage) => {
    if (url === streamPath || url === socketPath) setTimeout(() => socket.destroy(), 35);
  };
  app.on("request", breakOff).on("upgrade", breakOff);
  const report = await probeServer(app, whole, { streamPath, socketPath, ...quick });
  // Whether an end or a reset is seen first depends on what was still unread.
  const reasons = Object.keys(report.reasons).toSorted().join(", ");
  assert.match(reasons, /^socket: (ECONNRESET|closed in the middle), stream: ECONNRESET$/);
  assert.equal(report.failed, 2);
});

test("the prober wants every event, and a WebSocket where it asks for one", async () => {
  const app = createServer((_, response) => response.end("id: 1\ndata: event 1\n\n"));
  const { streamPath, socketPath } = loadPaths;
  const report = await probeServer(app, whole, { streamPath, socketPath });
  assert.deepEqual(report.reasons, {
    "stream: not all events came, or not in order": 1,
    "socket: status 200": 1,
  });
});

test("the prober leaves out what it could not send in time, instead of sending it all at once", async () => {
  const app = createServer((_, response) => response.end());
  let hasStalled = false;
  const report = await probeServer(
    app,
    {
      requests: 2_000,
      timeoutMs: 25_000,
      until: ({ answered }) => {
        if (hasStalled) return answered > 100;
        hasStalled = true;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
        return false;
      },
    },
    { perSecond: 400 },
  );
  assert.ok(report.leftOut >= 80, String(report.leftOut));
  assert.deepEqual(report.reasons, {});
});

test("the prober talks to loopback only", () => {
  assert.throws(() => startProber({ address: "192.0.2.1", port: 80, host: "a" }), {
    message: "the prober talks to loopback only, not to 192.0.2.1",
  });
});
