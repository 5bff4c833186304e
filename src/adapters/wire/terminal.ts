import { request } from "node:http";
import type { Duplex } from "node:stream";
import { terminalProtocol } from "../../core/wire/frames.ts";
import { fullPathOf } from "../../core/wire/routes.ts";
import { openTerminalConnection, type TerminalConnection } from "./terminal-connection.ts";
import { beginExchange, broken, refusal, type OnExchange } from "./call.ts";
import { openSocket, type Target } from "./pool.ts";

export interface TerminalOptions {
  readonly target: Target;
  /** Name of the server in messages. */
  readonly place: string;
  readonly request: string;
  readonly token: string;
  readonly onExchange?: OnExchange | undefined;
}

const answerMs = 60_000;

/** Opens the connection to the program of an accepted request; throws UserError, the server's own or "connection". */
export async function openTerminal(options: TerminalOptions): Promise<TerminalConnection> {
  const { target, place, token } = options;
  const { promise, resolve, reject } = Promise.withResolvers<TerminalConnection>();
  const path = fullPathOf("terminal", { id: options.request });
  const ended = beginExchange({ method: "GET", path }, options.onExchange);
  const connection = await openSocket(target).catch((error: unknown) => {
    ended(error);
    throw broken(place, error);
  });
  const asked = request({
    // The server is verified already; nothing more is looked up or connected.
    createConnection: () => connection,
    path,
    headers: {
      host: target.kind === "tls" ? new URL(target.origin).host : "localhost",
      authorization: `Bearer ${token}`,
      connection: "Upgrade",
      upgrade: terminalProtocol,
    },
  });
  asked.setTimeout(answerMs, () => asked.destroy(new Error("no answer in time")));
  asked.on("upgrade", (_answer, socket: Duplex, head: Uint8Array) => {
    ended(101);
    resolve(openTerminalConnection(socket, { head, place }));
  });
  asked.on("response", (answer) => {
    const { statusCode = 0 } = answer;
    ended(statusCode);
    void refusal(place, { statusCode, body: answer }).then(reject, reject);
  });
  asked.on("error", (error) => {
    ended(error);
    reject(broken(place, error));
  });
  asked.end();
  return promise;
}
