import { randomBytes } from "node:crypto";
import { request, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { TestServer } from "./mypaas-e2e.ts";

/** Notes in a journal on its volume what ends and when SIGTERM comes, with what is still open then; it ends at once. */
export const drainApp = `
const { appendFileSync, readFileSync } = require("node:fs");
const { createHash } = require("node:crypto");
const note = (what) => appendFileSync("/data/journal", process.env.MYPAAS_RELEASE + " " + what + "\\n");
let open = 0;
const track = (what, stream) => {
  open += 1;
  stream.once("close", () => { open -= 1; note(what + " closed"); });
};
process.on("SIGTERM", () => { note("SIGTERM with " + open + " open"); process.exit(0); });
require("node:http").createServer((req, res) => {
  const { pathname, searchParams } = new URL(req.url, "http://x");
  if (pathname === "/journal") return res.end(readFileSync("/data/journal", "utf8"));
  if (pathname === "/slow") {
    track("slow", res);
    return setTimeout(() => res.end("slow"), Number(searchParams.get("ms")));
  }
  if (pathname === "/events") {
    track("events", res);
    res.writeHead(200, { "content-type": "text/event-stream" });
    const timer = setInterval(() => res.write("data: tick\\n\\n"), 200);
    return res.once("close", () => clearInterval(timer));
  }
  res.end("hello");
}).on("upgrade", (req, socket) => {
  track("socket", socket);
  const key = req.headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: " + accept + "\\r\\n\\r\\n");
  socket.on("data", (data) => socket.write(data)).on("error", () => {});
}).listen(3000, () => note("listens"));
`;

/** A connection through Traefik that stays open. */
export interface Lasting {
  /** Traefik adds no header to the answer that opens a WebSocket: `none`. */
  readonly release: string;
  /** Pieces that have come so far. */
  readonly received: () => number;
  readonly send: (text: string) => void;
  readonly close: () => void;
  readonly closed: Promise<void>;
}

/** Server-sent events, one each 200 ms. */
export async function openEvents(server: TestServer, host: string): Promise<Lasting> {
  const asked = request({ ...at(server), path: "/events", headers: { host }, agent: false });
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  asked.on("response", resolve).on("error", reject).end();
  const response = await promise;
  return lasting(response, response);
}

/** A WebSocket whose other end sends back what it gets. */
export async function openSocket(server: TestServer, host: string): Promise<Lasting> {
  const headers = {
    host,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
  };
  const asked = request({ ...at(server), path: "/", headers, agent: false });
  const { promise, resolve, reject } = Promise.withResolvers<Lasting>();
  asked.on("upgrade", (response, socket) => resolve(lasting(response, socket)));
  asked.on("response", ({ statusCode }) => reject(new Error(`status ${statusCode}`)));
  asked.on("error", reject).end();
  return promise;
}

const at = ({ instance }: TestServer) => ({ host: "127.0.0.1", port: instance.httpPort });

function lasting({ headers }: IncomingMessage, stream: IncomingMessage | Duplex): Lasting {
  let received = 0;
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  stream.on("data", () => (received += 1)).on("error", () => resolve());
  stream.on("close", () => resolve());
  return {
    release: String(headers["x-mypaas-release"] ?? "none"),
    received: () => received,
    send: (text) => "write" in stream && stream.write(text),
    close: () => stream.destroy(),
    closed,
  };
}
