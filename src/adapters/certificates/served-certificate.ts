import type { X509Certificate } from "node:crypto";
import { connect } from "node:tls";
import type { EntryAddress } from "../traefik/route-probe.ts";

const timeoutMs = 3000;

/** The certificate that Traefik serves for a name; undefined without an answer within 3 s. */
export const servedCertificate = (
  { host, httpsPort }: Pick<EntryAddress, "host" | "httpsPort">,
  name: string,
): Promise<X509Certificate | undefined> =>
  new Promise((resolve) => {
    const socket = connect({
      host,
      port: httpsPort,
      servername: name,
      // Any issuer is fine: the certificate itself is the result.
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    });
    const end = (found: X509Certificate | undefined) => {
      resolve(found);
      socket.destroy();
    };
    socket.setTimeout(timeoutMs, () => end(undefined));
    socket.on("error", () => end(undefined));
    socket.on("secureConnect", () => end(socket.getPeerX509Certificate()));
  });
