import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { releaseHeader } from "../../core/routing/release-routing.ts";

/** Where a client would reach Traefik's two entry points. */
export interface EntryAddress {
  readonly host: string;
  readonly httpPort: number;
  readonly httpsPort: number;
}

const timeoutMs = 3_000;

/** Asks for a route as a client would and returns the release header of the answer; undefined when there is none or nobody answers in time. */
export async function probeRoute(
  entry: EntryAddress,
  route: { readonly host: string; readonly path: string; readonly https: boolean },
): Promise<string | undefined> {
  // Below a wildcard a name that no other service is likely to own.
  const host = route.host.replace(/^\*\./, "mypaas-asks.");
  const options = {
    host: entry.host,
    port: route.https ? entry.httpsPort : entry.httpPort,
    path: route.path === "" ? "/" : route.path,
    // Everything is in the head of the answer, and Traefik adds the header to that of any method.
    method: "HEAD",
    headers: { host, "user-agent": "mypaas" },
    agent: false,
    signal: AbortSignal.timeout(timeoutMs),
  } as const;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const asked = route.https
    ? // The question is who answers, not whether a certificate has arrived already.
      requestHttps({ ...options, servername: host, rejectUnauthorized: false })
    : requestHttp(options);
  asked.on("response", (response) => {
    const header = response.headers[releaseHeader.toLowerCase()];
    resolve(typeof header === "string" ? header : undefined);
    response.destroy();
  });
  asked.on("error", () => resolve(undefined));
  asked.end();
  return promise;
}
