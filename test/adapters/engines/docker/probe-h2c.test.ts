import assert from "node:assert/strict";
import { createServer as createHttp1 } from "node:http";
import { createServer, type ServerHttp2Stream, type IncomingHttpHeaders } from "node:http2";
import { createServer as createTcp, type AddressInfo, type Server } from "node:net";
import { test } from "node:test";
import { grpcHealthPath } from "../../../../src/core/health/grpc-health.ts";
import { probe } from "../../../../src/adapters/engines/docker/probe.ts";
import type { ProbeAnswer } from "../../../../src/deploy/ports.ts";

const address = "127.0.0.1";
type Answer = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

async function askAt(server: Server, path?: string, timeoutMs = 1_000): Promise<ProbeAnswer> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  try {
    const http = path === undefined ? undefined : { path, host: "example.com" };
    return await probe({ address, port, http, protocol: "h2c", timeoutMs });
  } finally {
    server.close();
  }
}

const h2c = (answer: Answer): Server => {
  const server = createServer();
  server.on("stream", answer);
  return server;
};

/** A gRPC answer: its message, and its code in the trailers. */
const grpc =
  (code: string, message: readonly number[]): Answer =>
  (stream) => {
    stream.respond(
      { ":status": 200, "content-type": "application/grpc" },
      { waitForTrailers: true },
    );
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": code }));
    stream.end(Buffer.from([0, 0, 0, 0, message.length, ...message]));
  };

const status =
  (code: number): Answer =>
  (stream) => {
    stream.respond({ ":status": code }, { endStream: true });
  };

const table: readonly (readonly [string, Answer, string | undefined, ProbeAnswer])[] = [
  ["any server with settings is ready", status(500), undefined, { kind: "ready" }],
  ["a path that answers 204 is ready", status(204), "/up", { kind: "ready" }],
  ["a path that answers 302 is ready", status(302), "/up", { kind: "ready" }],
  ["a path that answers 503 is not", status(503), "/up", { kind: "status", status: 503 }],
  ["SERVING is ready", grpc("0", [8, 1]), grpcHealthPath, { kind: "ready" }],
  [
    "NOT_SERVING is not",
    grpc("0", [8, 2]),
    grpcHealthPath,
    { kind: "grpc-status", status: "NOT_SERVING" },
  ],
  [
    "an empty message is UNKNOWN",
    grpc("0", []),
    grpcHealthPath,
    { kind: "grpc-status", status: "UNKNOWN" },
  ],
  [
    "a server without the health service",
    (stream) => stream.respond({ ":status": 200, "grpc-status": "12" }, { endStream: true }),
    grpcHealthPath,
    { kind: "grpc-status", status: "gRPC status 12" },
  ],
  [
    "a code that is none",
    grpc("\u00e9", [8, 1]),
    grpcHealthPath,
    { kind: "grpc-status", status: "gRPC status unknown" },
  ],
  [
    "a health service behind something that answers 415",
    status(415),
    grpcHealthPath,
    { kind: "status", status: 415 },
  ],
];

for (const [title, answer, path, expected] of table)
  test(`h2c: ${title}`, async () => {
    assert.deepEqual(await askAt(h2c(answer), path), expected);
  });

test("h2c: the question carries path, host and the form of gRPC", async () => {
  const seen: IncomingHttpHeaders[] = [];
  const note: Answer = (stream, headers) => {
    seen.push(headers);
    grpc("0", [8, 1])(stream, headers);
  };
  await askAt(h2c(note), grpcHealthPath);
  await askAt(h2c(note), "/up?x");
  assert.deepEqual(
    seen.map((one) => [one[":method"], one[":path"], one[":authority"], one["content-type"]]),
    [
      ["POST", grpcHealthPath, "example.com", "application/grpc"],
      ["GET", "/up?x", "example.com", undefined],
    ],
  );
});

test("h2c: a server of HTTP/1 does not speak it", async () => {
  const server = createHttp1((_request, response) => response.end("hello"));
  assert.deepEqual(await askAt(server), { kind: "not-h2c" });
});

test("h2c: a server that says nothing, or nothing to the path, is slow", async () => {
  const sockets: { destroy: () => void }[] = [];
  const silent = createTcp((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
  });
  assert.deepEqual(await askAt(silent, undefined, 50), { kind: "slow" });
  for (const socket of sockets) socket.destroy();
  assert.deepEqual(
    await askAt(
      h2c(() => undefined),
      "/up",
      200,
    ),
    { kind: "slow" },
  );
});

test("h2c: a connection that is closed without an answer is unreachable", async () => {
  const closing = createTcp((socket) => socket.end());
  const answer = await askAt(closing);
  assert.equal(answer.kind, "unreachable");
  const reset = await askAt(
    h2c((stream) => stream.close(8)),
    "/up",
  );
  assert.equal(reset.kind, "unreachable");
});

test("h2c: a closed port is refused", async () => {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const ask = { address, port, http: undefined, protocol: "h2c", timeoutMs: 1_000 } as const;
  assert.deepEqual(await probe(ask), { kind: "refused" });
});
