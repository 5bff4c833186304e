import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { UserError } from "../../core/errors.ts";
import { terminalProtocol } from "../../core/wire/frames.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import { routes } from "../../core/wire/routes.ts";
import { bearerToken, errorResponse } from "./errors.ts";

/** A client that opens the connection to the program of its request. */
export interface TerminalRequest {
  readonly request: string;
  readonly token: string;
  readonly incoming: IncomingMessage;
}

/** Uses an open connection and returns when it has ended; `head` is what came right behind the HTTP request. */
export type OnConnection = (socket: Duplex, head: Uint8Array) => Promise<void>;

export interface UpgradeOptions {
  /** Throws a UserError as a refusal, or returns what uses the connection. */
  readonly open: (asked: TerminalRequest) => Promise<OnConnection>;
  readonly onBug: (error: unknown) => void;
  /** Limit of connections that are open at the same time. */
  readonly maxOpen: number;
  /** Called with each answer. */
  readonly onAnswer?: (incoming: IncomingMessage, status: number) => void;
}

/** For the options of a server: an upgrade to another protocol is answered like any other request. */
export const shouldUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade === terminalProtocol;

/** Opens the terminal connections of the protocol on a server that was made with `shouldUpgrade`. */
export function onUpgrade(server: Server, options: UpgradeOptions): void {
  let open = 0;
  const upgrade = async (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    // The server's own limit is for requests; here each end watches for signs of life.
    if (socket instanceof Socket) socket.setTimeout(0);
    let onConnection: OnConnection;
    try {
      if (open > options.maxOpen)
        throw new UserError("server: too many terminal connections at once", { code: "busy" });
      onConnection = await options.open({ ...readHead(incoming), incoming });
    } catch (error) {
      if (!(error instanceof UserError)) options.onBug(error);
      const answer = errorResponse(error);
      options.onAnswer?.(incoming, answer.status);
      socket.end(await asText(answer));
      return;
    }
    options.onAnswer?.(incoming, 101);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${terminalProtocol}\r\n\r\n`,
    );
    await onConnection(socket, head);
    socket.destroy();
  };
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    open += 1;
    socket.on("error", () => socket.destroy());
    upgrade(incoming, socket, head)
      .catch((error: unknown) => {
        options.onBug(error);
        socket.destroy();
      })
      .finally(() => {
        open -= 1;
      });
  });
}

const path = new RegExp(
  `^${wireBase.replaceAll(".", "\\.")}${routes.terminal.path.replace(":id", "([0-9a-f]{64})")}$`,
);

function readHead({ url, method, headers }: IncomingMessage) {
  const request = path.exec(url ?? "")?.[1];
  if (request === undefined || method !== routes.terminal.method)
    throw new UserError("path: not part of the protocol", { code: "not-found" });
  return { request, token: bearerToken(headers.authorization) };
}

async function asText(answer: Response): Promise<string> {
  const body = await answer.text();
  const lines = [
    `HTTP/1.1 ${answer.status} Refused`,
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body}`;
}
