import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { AskedRoute, RouteAnswer } from "../../deploy/ports.ts";
import { passHeader } from "../../core/routing/maintenance.ts";
import { headOf } from "../reach.ts";
import { releaseHeader } from "../../core/routing/release-routing.ts";

/** Address of Traefik's two entry points for a client. */
export interface EntryAddress {
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

const timeoutMs = 3_000;

/** Requests a route and returns the release header and the status of the answer; undefined without the header, or without an answer in time. */
export async function probeRoute(
  entry: EntryAddress,
  route: AskedRoute,
  pass?: string,
): Promise<RouteAnswer | undefined> {
  // For a wildcard, a name that no other service is likely to have.
  const host = route.host.replace(/^\*\./, "mypaas-asks.");
  const options = {
    host: entry.host,
    port: route.https ? entry.httpsPort : entry.httpPort,
    path: route.path === "" ? "/" : route.path,
    // The head of the answer is enough; Traefik adds the header to the answer of any method.
    method: route.method ?? "HEAD",
    headers: { host, "user-agent": "mypaas", ...(pass !== undefined && { [passHeader]: pass }) },
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  const outgoing = route.https
    ? // The question is who answers, not whether a certificate has arrived already.
      requestHttps({ ...options, servername: host, rejectUnauthorized: false })
    : requestHttp(options);
  const answer = await headOf(outgoing).catch(() => undefined);
  const header = answer?.headers[releaseHeader.toLowerCase()];
  return typeof header === "string"
    ? { release: header, status: answer?.statusCode ?? 0 }
    : undefined;
}
