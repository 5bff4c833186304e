import { createHash, randomBytes } from "node:crypto";
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { bodyHashHeader, eventCount, usualPace } from "./load-app.ts";
import { acceptKey, createFrameReader, encodeFrame, opcodes } from "./web-socket.ts";

export type Way = "keep-alive" | "fresh" | "post" | "slow" | "stream" | "socket";

/** Where to ask and what for. */
export interface Target {
  /** Where to dial; loopback only. */
  readonly address: string;
  readonly port: number;
  /** Sent as Host, and as the server's name over https. */
  readonly host: string;
  readonly path?: string;
  readonly https?: boolean;
  /** Over https: what to trust; anything when left out. */
  readonly ca?: string;
  /** How long one answer may take. */
  readonly timeoutMs?: number;
  /** Path of the slow answers; none are asked for when left out. */
  readonly slowPath?: string;
  /** POST is left out where the service has no echo. */
  readonly echoPath?: string;
  /** Server-sent events, numbered from 1 to 10 within a second. */
  readonly streamPath?: string;
  /** A WebSocket that sends every text back. */
  readonly socketPath?: string;
  /** The pause between two of these texts. */
  readonly betweenTextsMs?: number;
  /** More headers of each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses beside 200 that are no failure, because a key of the service asks for them. */
  readonly intended?: readonly number[];
  /** Hears the status of each answer. */
  readonly onStatus?: (status: number) => void;
  /** Which header names the release that answers. */
  readonly releaseHeader?: string;
}

export interface Shot {
  readonly way: Way;
  readonly agent: Agent;
  readonly serial: number;
}

const bodyBytes = 2048;

/** Asks once and resolves with the release that answered; anything but a whole, right answer rejects. */
export function shoot(target: Target, shot: Shot): Promise<string> {
  const { timeoutMs = 30_000, releaseHeader = "x-mypaas-release" } = target;
  const { betweenTextsMs = usualPace.betweenEventsMs } = target;
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const body = shot.way === "post" ? bodyOf(shot.serial) : "";
  const asked = ask(target, shot, body);
  let upgraded: Duplex | undefined;
  const timer = setTimeout(() => {
    const late = new Error(`no answer in ${timeoutMs} ms`);
    reject(late);
    asked.destroy(late);
    upgraded?.destroy(late);
  }, timeoutMs);
  const saidBy = ({ headers }: IncomingMessage) => String(headers[releaseHeader] ?? "none");
  asked.on("error", reject);
  asked.on("response", (response) => {
    const status = response.statusCode ?? 0;
    target.onStatus?.(status);
    if (target.intended?.includes(status) === true) {
      response
        .resume()
        .on("end", () => resolve(saidBy(response)))
        .on("error", reject);
      return;
    }
    const wanted = shot.way === "post" ? body : shot.way === "stream" ? allEvents : undefined;
    readWhole(response, shot.way, wanted).then(() => resolve(saidBy(response)), reject);
  });
  asked.on("upgrade", (response, socket, head) => {
    upgraded = socket;
    const key = String(asked.getHeader("sec-websocket-key"));
    const talked =
      response.headers["sec-websocket-accept"] === acceptKey(key)
        ? talk(socket, head, { serial: shot.serial, betweenMs: betweenTextsMs })
        : Promise.reject(new Error("another key was accepted"));
    talked.then(() => resolve(saidBy(response)), reject).finally(() => socket.destroy());
  });
  asked.end(body);
  return promise.finally(() => clearTimeout(timer));
}

function ask(target: Target, { way, agent }: Shot, body: string): ClientRequest {
  const { address, port, host, https = false, ca, path = "/" } = target;
  const hasOwnConnection = way === "fresh" || way === "stream" || way === "socket";
  const about = {
    host: address,
    port,
    path: { ...target, path }[pathOf[way]],
    method: way === "post" ? "POST" : "GET",
    headers: { host, ...target.headers, ...headersOf(way, body) },
    agent: hasOwnConnection ? (false as const) : agent,
  };
  if (!https) return requestHttp(about);
  const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
  return requestHttps({ ...about, servername: host, ...trust });
}

const pathOf = {
  "keep-alive": "path",
  fresh: "path",
  post: "echoPath",
  slow: "slowPath",
  stream: "streamPath",
  socket: "socketPath",
} as const;

function headersOf(way: Way, body: string): Readonly<Record<string, string | number>> {
  if (way === "post")
    return {
      "content-length": body.length,
      [bodyHashHeader]: createHash("sha256").update(body).digest("hex"),
    };
  if (way !== "socket") return {};
  return {
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": 13,
    "sec-websocket-key": randomBytes(16).toString("base64"),
  };
}

/** An event that is missing, twice or out of order makes another text. */
const allEvents = Array.from(
  { length: eventCount },
  (_, at) => `id: ${at + 1}\ndata: event ${at + 1}\n\n`,
).join("");

async function readWhole(response: IncomingMessage, way: Way, wanted?: string): Promise<void> {
  let text = "";
  response.setEncoding("latin1");
  for await (const chunk of response as AsyncIterable<string>) text += chunk;
  if (response.statusCode !== 200 || way === "socket")
    throw new Error(`status ${response.statusCode}`);
  if (wanted === undefined || text === wanted) return;
  throw new Error(
    way === "post" ? "another body came back" : "not all events came, or not in order",
  );
}

/** Says ten things over a second and wants each back before the next, then a close that is answered. */
async function talk(
  socket: Duplex,
  head: Buffer,
  { serial, betweenMs }: { readonly serial: number; readonly betweenMs: number },
): Promise<void> {
  const read = createFrameReader();
  const arrived = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const frames = [...read(head)];
  const exchange = async (opcode: number, data: string): Promise<void> => {
    socket.write(encodeFrame({ opcode, data: Buffer.from(data) }, randomBytes(4)));
    while (frames.length === 0) {
      const { done, value } = await arrived.next();
      if (done) throw new Error("closed in the middle");
      frames.push(...read(value));
    }
    const frame = frames.shift();
    if (frame?.opcode !== opcode || frame.data.toString() !== data)
      throw new Error("another text came back");
  };
  for (let message = 1; message <= eventCount; message += 1) {
    await exchange(opcodes.text, `${serial}-${message}`);
    await sleep(betweenMs);
  }
  await exchange(opcodes.close, "");
}

/** 2 kB that no other request carries. */
const bodyOf = (serial: number): string => `${serial}-`.repeat(bodyBytes).slice(0, bodyBytes);
