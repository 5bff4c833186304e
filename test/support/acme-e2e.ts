import { connect, type PeerCertificate, type SecureVersion } from "node:tls";
import { setTimeout as sleep } from "node:timers/promises";
import type { CertificateInfo, CertificateList } from "../../src/core/actions/certificates.ts";
import { bridgeAddress } from "./bridge-address.ts";
import { startDns, type DnsServer } from "./dns-server.ts";
import { startServer, type TestServer } from "./mypaas-e2e.ts";
import { startPebble, type Pebble } from "./pebble.ts";

/** A server whose https and http ports are the real ones, on a loopback address of its own, with a CA and name servers of the test. */
export interface AcmeServer {
  readonly server: TestServer;
  readonly pebble: Pebble;
  /** The server's DNS. */
  readonly dns: DnsServer;
  /** The CA's DNS. */
  readonly caDns: DnsServer;
  readonly address: string;
  /** Lets names lead here, for both. */
  readonly point: (...names: readonly string[]) => void;
  /** `mypaas cert list` for one host. */
  readonly cert: (host: string) => Promise<CertificateInfo>;
  /** Waits until `mypaas cert` shows a host in one of these states. */
  readonly until: (
    host: string,
    states: readonly CertificateInfo["state"][],
    seconds: number,
  ) => Promise<CertificateInfo>;
  readonly remove: () => Promise<void>;
}

export interface AcmeOptions {
  readonly validitySeconds?: number;
  /** `mypaas.ts` of another version. */
  readonly program?: string;
  /** More options of init. */
  readonly init?: (parts: {
    readonly dns: DnsServer;
    readonly bridge: string;
  }) => readonly string[];
}

/** `address` is one of 127.0.0.0/8 that no other suite uses. */
export async function startAcmeServer(
  name: string,
  address: string,
  { validitySeconds, program, init = () => [] }: AcmeOptions = {},
): Promise<AcmeServer> {
  const bridge = await bridgeAddress();
  const dns = await startDns(["127.0.0.1", bridge]);
  const caDns = await startDns();
  const pebble = await startPebble({
    dns: caDns,
    address: bridge,
    ...(validitySeconds !== undefined && { validitySeconds }),
  });
  const point = (...names: readonly string[]): void => {
    for (const one of names) for (const where of [dns, caDns]) where.set(one, { A: [address] });
  };
  let server: TestServer;
  try {
    server = await startServer(name, {
      bind: address,
      httpPort: 80,
      httpsPort: 443,
      ...(program !== undefined && { program }),
      init: [
        "--email=ann@example.com",
        `--address=${address}`,
        `--acme-server=${pebble.directory}`,
        `--acme-ca=${pebble.caFile}`,
        `--resolver=${bridge}:${dns.port}`,
        ...init({ dns, bridge }),
      ],
    });
  } catch (error) {
    await Promise.all([pebble.close(), dns.close(), caDns.close()]);
    throw error;
  }
  const cert = async (host: string): Promise<CertificateInfo> => {
    const { out } = await server.must(["cert", "list", "--json", "-r", "prod"]);
    const { certificates } = JSON.parse(out.trim().split("\n").at(-1) ?? "") as CertificateList;
    const found = certificates.find((one) => one.host === host);
    if (found === undefined) throw new Error(`mypaas cert does not show ${host}:\n${out}`);
    return found;
  };
  return {
    server,
    pebble,
    dns,
    caDns,
    address,
    point,
    cert,
    until: async (host, states, seconds) => {
      for (let left = seconds * 2; ; left -= 1) {
        const info = await cert(host);
        if (states.includes(info.state)) return info;
        if (left <= 0) throw new Error(`${host}: ${JSON.stringify(info)} after ${seconds} s`);
        await sleep(500);
      }
    },
    remove: async () => {
      await server.remove();
      await Promise.all([pebble.close(), dns.close(), caDns.close()]);
    },
  };
}

/** What a handshake with a name shows. */
export interface Handshake {
  readonly certificate: PeerCertificate;
  readonly protocol: string;
  readonly alpn: string | false;
}

/** One handshake of its own, as a browser would make it; rejects when there is none. */
export function shake(
  { address }: Pick<AcmeServer, "address">,
  name: string,
  { maxVersion }: { readonly maxVersion?: SecureVersion } = {},
): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: address,
      port: 443,
      servername: name,
      rejectUnauthorized: false,
      ALPNProtocols: ["h2", "http/1.1"],
      timeout: 5000,
      ...(maxVersion !== undefined && { maxVersion, minVersion: "TLSv1" }),
    });
    socket.on("secureConnect", () => {
      const { alpnProtocol } = socket;
      const certificate = socket.getPeerCertificate();
      resolve({ certificate, protocol: socket.getProtocol() ?? "", alpn: alpnProtocol ?? false });
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("timeout", () => socket.destroy(new Error("no handshake in 5 s")));
  });
}

/** The issuer of the certificate of a name; Pebble's issuers begin with its name. */
export const issuerOf = ({ certificate }: Handshake): string => String(certificate.issuer.CN);
