import { request } from "node:https";
import type { TLSSocket } from "node:tls";
import { pinOf } from "./certificate.ts";

export interface PinnedRequest {
  readonly address: string;
  readonly port: number;
  /** TLS name for which Traefik serves its default certificate. */
  readonly serverName: string;
  /** base64url of the sha256 of the expected public key. */
  readonly pin: string;
  readonly path: string;
}

export interface PinnedAnswer {
  readonly status: number;
  readonly type: string;
  /** The server's clock in milliseconds, exact to a second; undefined when the answer has no date. */
  readonly date?: number;
}

/** Sends one request and reads the head of the answer. Rejects after 2 s without an answer, or for another key. */
export function requestPinned(question: PinnedRequest): Promise<PinnedAnswer> {
  const { address: host, port, serverName: servername, pin, path } = question;
  return new Promise((resolve, reject) => {
    // The key is compared below before any byte is sent; no CA issued this certificate.
    const options = { host, port, path, servername, rejectUnauthorized: false, agent: false };
    const outgoing = request({ ...options, timeout: 2000 }, (response) => {
      response.resume();
      const type = response.headers["content-type"] ?? "";
      const date = Date.parse(response.headers.date ?? "");
      const status = response.statusCode ?? 0;
      resolve({ status, type, ...(Number.isNaN(date) ? {} : { date }) });
      outgoing.destroy();
    });
    outgoing.on("timeout", () => outgoing.destroy(new Error("no answer within 2 s")));
    outgoing.on("error", reject);
    outgoing.on("socket", (socket) =>
      socket.once("secureConnect", () => {
        const key = (socket as TLSSocket).getPeerX509Certificate()?.publicKey;
        if (key && pinOf(key) === pin) outgoing.end();
        else outgoing.destroy(new Error("the certificate is not the server's own"));
      }),
    );
  });
}
