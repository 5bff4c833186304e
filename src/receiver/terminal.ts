import { request, type IncomingMessage } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { attachProtocol, silenceMs } from "../core/wire/frames.ts";
import { wireBase } from "../core/wire/protocol.ts";
import type { AttachAsked, OnLine } from "../adapters/wire/upgrade.ts";
import { refusalOf, workerAway } from "../adapters/wire/upstream.ts";

/** Lines that strangers may hold open together; each costs two sockets and what they buffer. */
export const maxAttached = 32;

/** Passes an attached line on to the worker as bytes: whose it is and what it says is the worker's to judge. */
export function passOn(socketPath: string) {
  return async ({ request: id, token }: AttachAsked): Promise<OnLine> => {
    const upstream = await openUpstream(socketPath, id, token);
    return async (socket, head) => {
      // Each end says something within this time, so one of them is no more.
      for (const line of [socket, upstream.socket])
        if (line instanceof Socket) line.setTimeout(silenceMs, () => line.destroy());
      if (upstream.head.length > 0) socket.write(upstream.head);
      if (head.length > 0) upstream.socket.write(head);
      const ways = [pipeline(socket, upstream.socket), pipeline(upstream.socket, socket)];
      // A line that broke is nothing to tell here; both ends see it.
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
    path: `${wireBase}/requests/${id}/attach`,
    headers: {
      host: "worker",
      authorization: `Bearer ${token}`,
      connection: "Upgrade",
      upgrade: attachProtocol,
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
