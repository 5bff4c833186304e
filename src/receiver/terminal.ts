import { request, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { terminalProtocol, silenceMs } from "../core/wire/frames.ts";
import { fullPathOf } from "../core/wire/routes.ts";
import type { TerminalRequest, OnConnection } from "../adapters/wire/upgrade.ts";
import { refusalOf, workerAway } from "../adapters/wire/upstream.ts";

/** Limit of open connections from outside; each costs two sockets and their buffers. */
export const maxTerminals = 32;

/** Passes a terminal connection on to the worker as bytes; only the worker checks the token and reads the frames. */
export function passOn(socketPath: string) {
  return async ({ request: id, token }: TerminalRequest): Promise<OnConnection> => {
    const upstream = await openUpstream(socketPath, id, token);
    return async (socket, head) => {
      // Each end sends something within this time, so a silent one is gone.
      for (const end of [socket, upstream.socket])
        if (end instanceof Socket) end.setTimeout(silenceMs, () => end.destroy());
      if (upstream.head.length > 0) socket.write(upstream.head);
      if (head.length > 0) upstream.socket.write(head);
      const ways = [pipeline(socket, upstream.socket), pipeline(upstream.socket, socket)];
      // Both ends see a broken connection themselves.
      await Promise.all(ways.map((way) => way.catch(() => undefined)));
      upstream.socket.destroy();
    };
  };
}

interface Upstream {
  readonly socket: Duplex;
  readonly head: Uint8Array;
}

const answerMs = 30_000;

async function openUpstream(socketPath: string, id: string, token: string): Promise<Upstream> {
  const { promise, resolve, reject } = Promise.withResolvers<Upstream>();
  const asked = request({
    socketPath,
    path: fullPathOf("terminal", { id }),
    headers: {
      host: "worker",
      authorization: `Bearer ${token}`,
      connection: "Upgrade",
      upgrade: terminalProtocol,
    },
  });
  asked.setTimeout(answerMs, () => asked.destroy(new Error("no answer")));
  asked.on("upgrade", (_answer: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    socket.on("error", () => socket.destroy());
    resolve({ socket, head });
  });
  asked.on("response", (answer) => void refusalOf(answer).then(reject, reject));
  asked.on("error", (cause) => reject(workerAway(cause)));
  asked.end();
  return promise;
}
