import { connect as connectUnix, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { buildConnector, Pool } from "undici";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import { pinOf } from "../host/certificate.ts";

/** How a server is reached and verified. */
export type Target =
  | { readonly kind: "socket"; readonly path: string }
  | {
      readonly kind: "tls";
      readonly origin: string;
      readonly server: string;
      /** sha256 of the certificate's SPKI in base64url; undefined: the public chain and the host's name decide. */
      readonly pin: string | undefined;
      /** Certificates to trust besides the system's, in PEM. */
      readonly ca?: string;
    };

/** Opens connections to one server as they are needed; nothing is sent before the server is verified. */
export function openPool(target: Target): Pool {
  const options = { connections: 4, headersTimeout: 60_000, bodyTimeout: 60_000 };
  if (target.kind === "socket")
    return new Pool("http://localhost", { ...options, socketPath: target.path });
  return new Pool(target.origin, { ...options, connect: connectorOf(target) });
}

/** One connection outside the pool, for a terminal. */
export const openSocket = (target: Target): Promise<Socket> =>
  new Promise((resolve, reject) => {
    if (target.kind === "socket") {
      const socket = connectUnix(target.path);
      socket.once("error", reject).once("connect", () => resolve(socket.off("error", reject)));
      return;
    }
    const { protocol, hostname, host, port } = new URL(target.origin);
    connectorOf(target)({ protocol, hostname, host, port }, (error, socket) => {
      if (socket === null) reject(error);
      else resolve(socket);
    });
  });

const connectorOf = ({ server, pin, ca }: Extract<Target, { readonly kind: "tls" }>) =>
  pin === undefined
    ? buildConnector({ timeout: connectTimeoutMs, allowH2: false, ...(ca ? { ca } : {}) })
    : pinnedConnector(`${server}.mypaas.invalid`, pin);

const connectTimeoutMs = 10_000;

/** undici's own `checkServerIdentity` is not asked when `rejectUnauthorized` is false, so the comparison is made here, after the handshake. */
const pinnedConnector =
  (servername: string, pin: string): buildConnector.connector =>
  (options, callback) => {
    const host = options.hostname.replace(/^\[(.*)\]$/, "$1");
    const port = Number(options.port || 443);
    const unchecked = { rejectUnauthorized: false, ALPNProtocols: ["http/1.1"] };
    const socket = connectTls({ host, port, servername, ...unchecked });
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      callback(error, null);
    };
    const timer = setTimeout(() => {
      socket.off("error", fail);
      fail(Object.assign(new Error("no answer in time"), { code: "UND_ERR_CONNECT_TIMEOUT" }));
    }, connectTimeoutMs);
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      socket.off("error", fail);
      const key = socket.getPeerX509Certificate()?.publicKey;
      const seen = key ? pinOf(key) : "none";
      if (seen !== pin) return fail(wrongPin(`${host}:${port}`, pin, seen));
      clearTimeout(timer);
      socket.setNoDelay(true);
      callback(null, socket);
    });
  };

const wrongPin = (place: string, expected: string, seen: string): UserError =>
  new UserError(`server ${place}: does not have the key that this remote expects`, {
    code: "wrong-pin",
    hint: hint`if the server has a new key, add the remote again with the line that ${command("init")} prints: ${command("remote add")}`,
    details: [
      `expected key ${expected}`,
      `got key ${seen}`,
      "another server may intercept this connection; mypaas sent nothing",
    ],
  });
