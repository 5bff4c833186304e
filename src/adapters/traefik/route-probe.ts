import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { AskedRoute, RouteAnswer } from "../../deploy/ports.ts";
import type { OwnRequest } from "../../core/metrics/traffic.ts";
import { headOf } from "../reach.ts";
import { passHeader } from "../../core/routing/maintenance.ts";
import { releaseHeader } from "../../core/routing/release-routing.ts";

/** Address of Traefik's two entry points for a client. */
export interface EntryAddress {
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

interface ProbeOptions {
  /** Leads past the maintenance of the service. */
  readonly pass?: string | undefined;
  readonly onProbe?: ((probe: OwnRequest) => void) | undefined;
}

const timeoutMs = 3_000;

/** Requests a route; undefined without the release header, or without an answer in time. */
export async function probeRoute(
  entry: EntryAddress,
  route: AskedRoute,
  options: ProbeOptions = {},
): Promise<RouteAnswer | undefined> {
  if (route.method !== undefined) return ask(entry, route, { method: route.method, ...options });
  // The head of the answer is enough; Traefik adds the header to the answer of any method.
  const head = await ask(entry, route, { method: "HEAD", ...options });
  // Some apps know no HEAD. What Traefik itself says of an app (502 to 504) is the same for any method.
  if (head === undefined || head.status < 500 || [502, 503, 504].includes(head.status)) return head;
  const whole = await ask(entry, route, { method: "GET", ...options });
  return { ...(whole ?? head), asked: 2 };
}

async function ask(
  entry: EntryAddress,
  route: AskedRoute,
  { method, pass, onProbe }: ProbeOptions & { readonly method: "HEAD" | "GET" },
): Promise<RouteAnswer | undefined> {
  // For a wildcard, a name that no other service is likely to have.
  const host = route.host.replace(/^\*\./, "mypaas-asks.");
  const options = {
    host: entry.host,
    port: route.https ? entry.httpsPort : entry.httpPort,
    path: route.path === "" ? "/" : route.path,
    method,
    headers: { host, "user-agent": "mypaas", ...(pass !== undefined && { [passHeader]: pass }) },
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  const outgoing = route.https
    ? // The question is who answers, not whether a certificate has arrived already.
      requestHttps({ ...options, servername: host, rejectUnauthorized: false })
    : requestHttp(options);
  const answer = await headOf(outgoing).catch(() => undefined);
  const status = answer?.statusCode;
  const header = answer?.headers[releaseHeader.toLowerCase()];
  const service = typeof header === "string" ? header.split("/")[0] : route.service;
  if (status !== undefined && service !== undefined) onProbe?.({ service, method, status });
  return typeof header === "string"
    ? { release: header, status: status ?? 0, asked: 1 }
    : undefined;
}
