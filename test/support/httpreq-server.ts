import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { DnsServer } from "./dns-server.ts";

/** What lego's DNS provider `httpreq` talks to: it sets and removes TXT records in the name server of the test. */
export interface HttpreqServer {
  /** `HTTPREQ_ENDPOINT`. */
  readonly endpoint: string;
  readonly calls: readonly HttpreqCall[];
  /** From now on every call is answered with 403 and changes nothing. */
  readonly refuse: (on: boolean) => void;
  readonly close: () => Promise<void>;
}

export interface HttpreqCall {
  readonly path: "/present" | "/cleanup";
  /** Without the dot at the end. */
  readonly name: string;
  readonly value: string;
  /** `user:password` (HTTPREQ_USERNAME, HTTPREQ_PASSWORD), empty when there is none. */
  readonly login: string;
}

/** Starts it on a free port of an address that Traefik's container reaches. */
export async function startHttpreq(options: {
  readonly dns: DnsServer;
  readonly address: string;
}): Promise<HttpreqServer> {
  const { dns, address } = options;
  const calls: HttpreqCall[] = [];
  let isRefusing = false;
  const answer = async (request: IncomingMessage): Promise<number> => {
    const call = await readCall(request);
    if (call === undefined) return 404;
    calls.push(call);
    if (isRefusing) return 403;
    const { TXT = [], ...others } = dns.get(call.name) ?? {};
    const left = TXT.filter((value) => value !== call.value);
    const values = call.path === "/present" ? [...left, call.value] : left;
    if (values.length === 0 && Object.keys(others).length === 0) dns.remove(call.name);
    else dns.set(call.name, { ...others, TXT: values });
    return 200;
  };
  const server = createServer((request, response) => {
    answer(request).then(
      (status) => response.writeHead(status).end(),
      () => response.writeHead(400).end(),
    );
  });
  server.listen(0, address);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://${address}:${port}`,
    calls,
    refuse: (on) => {
      isRefusing = on;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function readCall(request: IncomingMessage): Promise<HttpreqCall | undefined> {
  const { method, url, headers } = request;
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (method !== "POST" || (url !== "/present" && url !== "/cleanup")) return undefined;
  const { fqdn, value } = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
  if (fqdn === undefined || value === undefined) return undefined;
  const login = Buffer.from(headers.authorization?.replace(/^Basic /, "") ?? "", "base64");
  return { path: url, name: fqdn.replace(/\.$/, ""), value, login: login.toString() };
}
