import type { Release } from "../release/release.ts";
import type { RouteSpec } from "../release/spec.ts";
import type { EntryPoint, MiddlewareConfig, RouterConfig } from "./traefik-config.ts";
import { traefikServiceName } from "../release/names.ts";
import { isSamePlace, routePriority, routeRule } from "./routes.ts";

/** What of the server itself a route depends on. */
export interface RoutingServer {
  readonly instance: string;
  /** The port that clients use for https, for redirects. */
  readonly httpsPort: number;
}

/** Everything Traefik has to know of one release except where its containers are. */
export interface ReleaseRouting {
  readonly service: string;
  readonly routers: readonly RoutePlan[];
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
}

export interface RoutePlan {
  readonly name: string;
  readonly route: RouteSpec;
  readonly entryPoint: EntryPoint;
  /** True for the http side of an https route. */
  readonly redirects: boolean;
  /** Middlewares that shape the app's own answer: all but the retry and the redirect. */
  readonly shape: readonly string[];
  readonly config: RouterConfig;
}

/** Response header that proves which release answered; Traefik sets it, so that no app can forge it. */
export const releaseHeader = "X-Mypaas-Release";

/** Value of the release header, such as `web/43`. */
export const releaseTag = (release: Release): string => `${release.spec.service}/${release.number}`;

/** One router per route, and one more that redirects on the http side of an https route. */
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
      service,
      middlewares: chain,
      ...(entryPoint === "websecure" ? { tls: {} } : {}),
    };
    routers.push({ ...router, config });
  };
  if (routes.length === 0 || release.port === undefined) return { service, routers, middlewares };

  const tag = use("release", {
    headers: { customResponseHeaders: { [releaseHeader]: releaseTag(release) } },
  });
  // Only a failed dial is retried, when no byte has left yet: safe for POST too.
  const retry = use("retry", { retry: { attempts: 3, initialInterval: "100ms" } });
  for (const [index, route] of routes.entries()) {
    const n = index + 1;
    const name = `${service}-${n}`;
    const shape = [tag];
    if (release.spec.stripPrefix && route.path !== "")
      shape.push(use(`strip-${n}`, strip(route.path)));
    const entryPoint = route.https ? "websecure" : "web";
    add({ name, route, entryPoint, redirects: false, shape }, [...shape, retry]);
    if (!route.https || routes.some((other) => !other.https && isSamePlace(other, route))) continue;
    const https = use("https", redirect(server.httpsPort));
    const side = {
      name: `${name}-http`,
      route,
      entryPoint: "web",
      redirects: true,
      shape,
    } as const;
    add(side, [tag, https]);
  }
  return { service, routers, middlewares };
}

function strip(path: string): MiddlewareConfig {
  if (!path.includes(",")) return { stripPrefix: { prefixes: [path] } };
  // Traefik cuts lists in labels at each comma.
  const literal = path.replaceAll(/[.+]/g, String.raw`\$&`).replaceAll(",", String.raw`\x2c`);
  return { stripPrefixRegex: { regex: [`^${literal}`] } };
}

function redirect(httpsPort: number): MiddlewareConfig {
  const port = httpsPort === 443 ? {} : { port: String(httpsPort) };
  return { redirectScheme: { scheme: "https", ...port, permanent: true } };
}
