import { coversHost } from "../certificates/manual-certificate.ts";
import type { RouteSpec } from "./spec.ts";
import { command, hint, hintText } from "../hints.ts";

/** The names that a server can serve, as `server.info` returns them. */
export interface ServerNames {
  /** The server's own domain. */
  readonly domain?: string | undefined;
  /** True when the server can get certificates for wildcard domains. */
  readonly wildcards?: boolean | undefined;
  /** Names in certificates that were added by hand. */
  readonly own?: readonly string[] | undefined;
}

/** The reason why a server refuses a route. */
export interface RouteRefusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The refusals of a server for the routes of a Dockerfile, each once, in file order; `slug` is the slug of the service. */
export function refusedRoutes(
  routes: readonly RouteSpec[],
  server: ServerNames,
  slug: string,
): readonly RouteRefusal[] {
  const found = routes.flatMap((route) => refusalOf(route, server, slug) ?? []);
  return found.filter(
    ({ message }, index) => found.findIndex((one) => one.message === message) === index,
  );
}

function refusalOf(
  { host, https, to }: RouteSpec,
  { domain, wildcards, own = [] }: ServerNames,
  slug: string,
): RouteRefusal | undefined {
  if ((host === "auto" || to?.host === "auto") && domain === undefined)
    return {
      code: "no-domain",
      message: "route auto: this server has no domain",
      hint: hintText(
        hint`name a domain in the Dockerfile, or run on the server: ${command("init --domain HOST")}`,
      ),
    };
  if (host === domain)
    return {
      code: "server-domain",
      message: `route ${host}: is the server's own name`,
      hint: `choose another domain, such as ${slug}.${domain}`,
    };
  if (https && host.startsWith("*.") && wildcards !== true && !coversHost(own, host))
    return needsDns(host);
  return undefined;
}

/** The refusal of a wildcard: HTTP-01 on port 80 cannot prove one (RFC 8555, 8.3). */
export const needsDns = (host: string): RouteRefusal => ({
  code: "wildcard-https",
  message: `domain ${host}: https for a wildcard domain needs DNS-01 on the server`,
  hint: hintText(
    hint`run on the server: sudo ${command("init --dns-provider NAME --dns-env FILE")}, or leave out mypaas.https`,
  ),
});

/** The route with `auto` replaced by its host on this server. */
export function withOwnHost(route: RouteSpec, { domain }: ServerNames, slug: string): RouteSpec {
  const { to } = route;
  if (domain === undefined) return route;
  const own = (host: string): string => (host === "auto" ? `${slug}.${domain}` : host);
  return { ...route, host: own(route.host), ...(to && { to: { ...to, host: own(to.host) } }) };
}
