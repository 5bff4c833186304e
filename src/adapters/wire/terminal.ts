import { request } from "node:http";
import type { Duplex } from "node:stream";
import { attachProtocol } from "../../core/wire/frames.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import { openLine, type AttachLine } from "./terminal-connection.ts";
import { broken, refusal } from "./call.ts";
import { openSocket, type Target } from "./pool.ts";

export interface Attaching {
  readonly target: Target;
  /** Name of the server in messages. */
  readonly place: string;
  readonly request: string;
  readonly token: string;
}

const answerMs = 60_000;

/** Opens the line of an accepted request, on a connection of its own; throws UserError, the server's own or "connection". */
export async function attachTo(attaching: Attaching): Promise<AttachLine> {
  const { target, place, token } = attaching;
  const { promise, resolve, reject } = Promise.withResolvers<AttachLine>();
  const connection = await openSocket(target).catch((error: unknown) => {
    throw broken(place, error);
  });
  const asked = request({
    // Recognised already: nothing more is looked up or dialled.
    createConnection: () => connection,
    path: `${wireBase}/requests/${attaching.request}/attach`,
    headers: {
      host: target.kind === "tls" ? new URL(target.origin).host : "localhost",
      authorization: `Bearer ${token}`,
      connection: "Upgrade",
      upgrade: attachProtocol,
    },
  });
  asked.setTimeout(answerMs, () => asked.destroy(new Error("no answer in time")));
  asked.on("upgrade", (_answer, socket: Duplex, head: Uint8Array) =>
    resolve(openLine(socket, { head, place })),
  );
  asked.on("response", (answer) => {
    const { statusCode = 0 } = answer;
    void refusal(place, { statusCode, body: answer }).then(reject, reject);
  });
  asked.on("error", (error) => reject(broken(place, error)));
  asked.end();
  return promise;
}
