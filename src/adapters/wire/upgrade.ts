import type { IncomingMessage, Server } from "node:http";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { UserError } from "../../core/errors.ts";
import { attachProtocol } from "../../core/wire/frames.ts";
import { wireBase } from "../../core/wire/protocol.ts";
import { errorResponse } from "./errors.ts";

/** Who asks to be attached to what a request began. */
export interface AttachAsked {
  readonly request: string;
  readonly token: string;
  readonly incoming: IncomingMessage;
}

/** What happens on the line once it is open; `head` came behind the request. Returns when the line has ended. */
export type OnLine = (socket: Duplex, head: Uint8Array) => Promise<void>;

export interface UpgradeOptions {
  /** Refuses by throwing a UserError, or says what happens on the line. */
  readonly attach: (asked: AttachAsked) => Promise<OnLine>;
  readonly onBug: (error: unknown) => void;
  /** Lines open at the same time. */
  readonly maxOpen: number;
  /** Told of each answer. */
  readonly onAnswer?: (incoming: IncomingMessage, status: number) => void;
}

/** For the options of a server: any other upgrade is a request like every other, and answered as one. */
export const shouldUpgrade = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade === attachProtocol;

/** Opens the attached lines of the protocol on a server that was made with `shouldUpgrade`. */
export function onUpgrade(server: Server, options: UpgradeOptions): void {
  let open = 0;
  const attach = async (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    // The server's own limit is for requests; on a line each end looks for signs of life.
    if (socket instanceof Socket) socket.setTimeout(0);
    let onLine: OnLine;
    try {
      if (open > options.maxOpen)
        throw new UserError("server: too many attached lines at once", { code: "busy" });
      onLine = await options.attach({ ...readHead(incoming), incoming });
    } catch (error) {
      if (!(error instanceof UserError)) options.onBug(error);
      const answer = errorResponse(error);
      options.onAnswer?.(incoming, answer.status);
      socket.end(await asText(answer));
      return;
    }
    options.onAnswer?.(incoming, 101);
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${attachProtocol}\r\n\r\n`,
    );
    await onLine(socket, head);
    socket.destroy();
  };
  server.on("upgrade", (incoming: IncomingMessage, socket: Duplex, head: Uint8Array) => {
    open += 1;
    socket.on("error", () => socket.destroy());
    attach(incoming, socket, head)
      .catch((error: unknown) => {
        options.onBug(error);
        socket.destroy();
      })
      .finally(() => {
        open -= 1;
      });
  });
}

const path = new RegExp(`^${wireBase.replaceAll(".", "\\.")}/requests/([0-9a-f]{64})/attach$`);

function readHead({ url, method, headers }: IncomingMessage) {
  const request = path.exec(url ?? "")?.[1];
  if (request === undefined || method !== "GET")
    throw new UserError("path: not part of the protocol", { code: "not-found" });
  const token = /^Bearer ([\x21-\x7e]{16,512})$/.exec(headers.authorization ?? "")?.[1];
  if (token !== undefined) return { request, token };
  throw new UserError("request: carries no bearer token", { code: "unauthorized" });
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
