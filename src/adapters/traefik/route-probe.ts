import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { AskedRoute, RouteAnswer } from "../../deploy/ports.ts";
import { headOf } from "../reach.ts";
import { passHeader } from "../../core/routing/maintenance.ts";
import { releaseHeader } from "../../core/routing/release-routing.ts";

/** Address of Traefik's two entry points for a client. */
export interface EntryAddress {
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

const timeoutMs = 3_000;

/** Requests a route; undefined without the release header, or without an answer in time. `pass` leads past the maintenance of its service. */
export async function probeRoute(
  entry: EntryAddress,
  route: AskedRoute,
  pass?: string,
): Promise<RouteAnswer | undefined> {
  if (route.method !== undefined) return ask(entry, route, { method: route.method, pass });
  // The head of the answer is enough; Traefik adds the header to the answer of any method.
  const head = await ask(entry, route, { method: "HEAD", pass });
  // Some apps know no HEAD. What Traefik itself says of an app (502 to 504) is the same for any method.
  if (head === undefined || head.status < 500 || [502, 503, 504].includes(head.status)) return head;
  const whole = await ask(entry, route, { method: "GET", pass });
  return { ...(whole ?? head), asked: 2 };
}

async function ask(
  entry: EntryAddress,
  route: AskedRoute,
  { method, pass }: { readonly method: "HEAD" | "GET"; readonly pass: string | undefined },
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
  const header = answer?.headers[releaseHeader.toLowerCase()];
  return typeof header === "string"
    ? { release: header, status: answer?.statusCode ?? 0, asked: 1 }
    : undefined;
}
