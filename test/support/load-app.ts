import { createHash } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import { acceptKey, createFrameReader, encodeFrame, opcodes } from "./web-socket.ts";

/** What the prober asks for, and where. */
export const loadPaths = {
  slowPath: "/slow",
  echoPath: "/echo",
  streamPath: "/events",
  socketPath: "/socket",
} as const;

/** The app's own word about who answers, beside what Traefik says. */
export const releaseHeader = "x-app-release";
export const bodyHashHeader = "x-body-sha256";
/** Answered with the milliseconds from the start of the app's process to its listening. */
export const bootPath = "/boot";
export const eventCount = 10;
/** How slow an app is where it is meant to be: its slow answer, and each of its events. */
export const usualPace = { slowMs: 1500, betweenEventsMs: 100 };

/** A service for the prober: an answer at once, one after 1.5 s, an echo that checks what came, ten numbered events within a second, and a WebSocket that says everything again. */
export function createLoadApp(release: string, pace = usualPace): Server {
  let bootMs = 0;
  const server = createServer((request, response) => {
    response.setHeader(releaseHeader, release);
    if (request.url === bootPath) response.end(String(bootMs));
    else answer(request, response, pace);
  });
  server.on("listening", () => (bootMs = performance.now()));
  server.on("upgrade", (request, socket) => greet(request, socket, release));
  return server;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { slowMs, betweenEventsMs }: typeof usualPace,
): void {
  switch (request.url ?? "/") {
    case loadPaths.slowPath:
      setTimeout(() => response.end("slow"), slowMs);
      break;
    case loadPaths.echoPath:
      echo(request, response);
      break;
    case loadPaths.streamPath:
      count(response, betweenEventsMs);
      break;
    default:
      response.end("hello");
  }
}

/** Whole, then back: a proxy in Go breaks off an HTTP/1 exchange whose answer begins before its body has ended. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    const hash = createHash("sha256").update(body).digest("hex");
    response.statusCode = hash === request.headers[bodyHashHeader] ? 200 : 400;
    response.end(body);
  });
}

function count(response: ServerResponse, betweenMs: number): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  let number = 0;
  const next = (): void => {
    number += 1;
    response.write(`id: ${number}\ndata: event ${number}\n\n`);
    if (number < eventCount) return;
    clearInterval(timer);
    response.end();
  };
  const timer = setInterval(next, betweenMs);
  next();
  response.on("close", () => clearInterval(timer));
}

function greet(request: IncomingMessage, socket: Duplex, release: string): void {
  const head = [
    "HTTP/1.1 101 Switching Protocols",
    "Connection: Upgrade",
    "Upgrade: websocket",
    `Sec-WebSocket-Accept: ${acceptKey(request.headers["sec-websocket-key"] ?? "")}`,
    `${releaseHeader}: ${release}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  const read = createFrameReader();
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk: Buffer) => {
    for (const frame of read(chunk)) {
      socket.write(encodeFrame(frame));
      if (frame.opcode === opcodes.close) socket.end();
    }
  });
}
