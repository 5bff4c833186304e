import type { Release } from "../release/release.ts";
import type { RouteSpec } from "../release/spec.ts";
import type { EntryPoint, MiddlewareConfig, RouterConfig } from "./traefik-config.ts";
import { traefikServiceName } from "../release/names.ts";
import { covers, isSameRoute, routePriority, routeRule } from "./routes.ts";

/** The name by which the dynamic file leads to the replicas of a release; their labels bring them to Traefik. */
export const dockerService = ({ service }: ReleaseRouting): string => `${service}@docker`;

/** The facts about the server that a route depends on. */
export interface RoutingServer {
  readonly instance: string;
  /** The port that clients use for https, for redirects. */
  readonly httpsPort: number;
  /** Hosts with a certificate: only these redirect to https. */
  readonly secured?: readonly string[];
  /** Secured hosts with HSTS: they have no http route. */
  readonly strict?: readonly string[];
  /** True when proxies in front may say that their clients use https. */
  readonly trustsProxies?: boolean;
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
  /** Only for requests whose client uses https, as a trusted proxy in front says; in the file alone. */
  readonly isProxied?: true;
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
      rule: router.isProxied ? `${routeRule(route)} && ${clientUsesHttps}` : routeRule(route),
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
  // Only a failed dial is retried. No byte was sent then, so it is safe for POST too.
  const retry = use("retry", { retry: { attempts: 3, initialInterval: "100ms" } });
  for (const [index, route] of routes.entries()) {
    const n = index + 1;
    const name = `${service}-${n}`;
    const stripped = release.spec.stripPrefix && route.path !== "";
    const shape = stripped ? [tag, use(`strip-${n}`, strip(route.path))] : [tag];
    if (!route.https) {
      const side = { name, route, entryPoint: "web", redirects: false, isInFile: false } as const;
      add({ ...side, shape }, [...shape, retry]);
      continue;
    }
    const isStrict = server.strict?.includes(route.host) === true;
    const safe = isStrict ? [...shape, use("hsts", hsts)] : shape;
    const side = { name, route, entryPoint: "websecure", redirects: false } as const;
    add({ ...side, isInFile: isStrict, shape: safe }, [...safe, retry]);
    if (routes.some((other) => !other.https && isSameRoute(other, route))) continue;
    const redirects = server.secured?.includes(route.host) === true;
    const chain = redirects ? [tag, use("https", redirect(server.httpsPort))] : [...shape, retry];
    const http = { name: `${name}-http`, route, entryPoint: "web", redirects } as const;
    // Such a proxy would come back by http for ever.
    if (redirects && server.trustsProxies === true)
      add(
        {
          ...http,
          name: `${name}-proxied`,
          redirects: false,
          isProxied: true,
          isInFile: true,
          shape,
        },
        [...shape, retry],
      );
    // Always, because containers of earlier versions have labels that redirect.
    add({ ...http, isInFile: true, shape }, chain);
  }
  return { service, routers, middlewares };
}

/** Traefik takes this header away from requests of clients that it does not trust. */
const clientUsesHttps = "Header(`X-Forwarded-Proto`, `https`)";

/** True when a router answers requests that `wanted` stands for. Of several, the first at the highest priority counts. */
export const answersFor = (plan: RoutePlan, wanted: RoutePlan): boolean =>
  plan.entryPoint === wanted.entryPoint &&
  covers(plan.route, wanted.route) &&
  (plan.isProxied !== true || wanted.isProxied === true);

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
