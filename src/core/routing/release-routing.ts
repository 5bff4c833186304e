import type { Release } from "../release/release.ts";
import type { RouteSpec } from "../release/spec.ts";
import type { EntryPoint, MiddlewareConfig, RouterConfig } from "./traefik-config.ts";
import { traefikServiceName } from "../release/names.ts";
import { balancerAt } from "./balancers.ts";
import { isSameRoute, routePriority, routeRule } from "./routes.ts";

/** The facts about the server that a route depends on. */
export interface RoutingServer {
  readonly instance: string;
  /** The port that clients use for https, for redirects. */
  readonly httpsPort: number;
  /** Hosts with a certificate: only these redirect to https. */
  readonly secured?: readonly string[];
  /** Secured hosts with HSTS: they have no http route. */
  readonly strict?: readonly string[];
}

/** Traefik's configuration of one release, without the addresses of its containers. */
export interface ReleaseRouting {
  readonly service: string;
  readonly routers: readonly RoutePlan[];
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
}

export interface RoutePlan {
  readonly name: string;
  readonly route: RouteSpec;
  readonly entryPoint: EntryPoint;
  /** True for the http side of an https route whose host has a certificate. */
  readonly redirects: boolean;
  /** True when the dynamic file answers in place of the labels, which cannot change when a certificate comes. */
  readonly isInFile: boolean;
  /** Middlewares of the app's own answer: all but the retry and the redirect. */
  readonly shape: readonly string[];
  readonly config: RouterConfig;
}

/** Response header that proves which release answered. Traefik sets it, so no app can forge it. */
export const releaseHeader = "X-Mypaas-Release";

/** Value of the release header, such as `web/43`. */
export const releaseTag = (release: Release): string => `${release.spec.service}/${release.number}`;

/** A year, as https://hstspreload.org asks for; without `preload`, which cannot be undone. */
const hsts = strictTransport(31_536_000);

/** Switches HSTS off in browsers when a service gives up https (RFC 6797, 6.1.1). */
export const hstsOff = strictTransport(0);

function strictTransport(seconds: number): MiddlewareConfig {
  const headers = { "Strict-Transport-Security": `max-age=${seconds}` };
  return { headers: { customResponseHeaders: headers } };
}

/** One router per route, and one more for http of an https route. It redirects when the host has a certificate, and answers until then. */
export function releaseRouting(release: Release, server: RoutingServer): ReleaseRouting {
  const { routes, slug } = release.spec;
  const service = traefikServiceName(slug, release.number);
  const middlewares: Record<string, MiddlewareConfig> = {};
  const use = (suffix: string, config: MiddlewareConfig): string => {
    const name = `${service}-${suffix}`;
    middlewares[name] = config;
    return name;
  };
  const routers: RoutePlan[] = [];
  const add = (router: Omit<RoutePlan, "config">, chain: readonly string[]): void => {
    const { route, entryPoint } = router;
    const config: RouterConfig = {
      entryPoints: [entryPoint],
      rule: routeRule(route),
      priority: routePriority(route, release.number),
      service: balancerAt(entryPoint, release, service),
      middlewares: chain,
      ...(entryPoint === "websecure" ? { tls: {} } : {}),
    };
    routers.push({ ...router, config });
  };
  if (routes.length === 0 || release.port === undefined) return { service, routers, middlewares };

  const tag = use("release", {
    headers: { customResponseHeaders: { [releaseHeader]: releaseTag(release) } },
  });
  // Only a failed dial is retried. No byte was sent then, so it is safe for POST too. But Traefik takes a quick answer over h2c for
  // a failed dial now and then, and sends the request a second time.
  const retry =
    release.spec.protocol === "h2c"
      ? []
      : [use("retry", { retry: { attempts: 3, initialInterval: "100ms" } })];
  for (const [index, route] of routes.entries()) {
    const n = index + 1;
    const name = `${service}-${n}`;
    const stripped = release.spec.stripPrefix && route.path !== "";
    const shape = stripped ? [tag, use(`strip-${n}`, strip(route.path))] : [tag];
    if (!route.https) {
      const side = { name, route, entryPoint: "web", redirects: false, isInFile: false } as const;
      add({ ...side, shape }, [...shape, ...retry]);
      continue;
    }
    const isStrict = server.strict?.includes(route.host) === true;
    const safe = isStrict ? [...shape, use("hsts", hsts)] : shape;
    const side = { name, route, entryPoint: "websecure", redirects: false } as const;
    add({ ...side, isInFile: isStrict, shape: safe }, [...safe, ...retry]);
    if (routes.some((other) => !other.https && isSameRoute(other, route))) continue;
    const redirects = server.secured?.includes(route.host) === true;
    const chain = redirects
      ? [tag, use("https", redirect(server.httpsPort))]
      : [...shape, ...retry];
    const http = { name: `${name}-http`, route, entryPoint: "web", redirects } as const;
    // Always, because containers of earlier versions have labels that redirect.
    add({ ...http, isInFile: true, shape }, chain);
  }
  return { service, routers, middlewares };
}

function strip(path: string): MiddlewareConfig {
  if (!path.includes(",")) return { stripPrefix: { prefixes: [path] } };
  // Traefik splits lists in labels at each comma.
  const literal = path.replaceAll(/[.+]/g, String.raw`\$&`).replaceAll(",", String.raw`\x2c`);
  return { stripPrefixRegex: { regex: [`^${literal}`] } };
}

function redirect(httpsPort: number): MiddlewareConfig {
  const port = httpsPort === 443 ? {} : { port: String(httpsPort) };
  return { redirectScheme: { scheme: "https", ...port, permanent: true } };
}
