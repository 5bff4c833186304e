import type { Release } from "../release/release.ts";
import type { RouteSpec } from "../release/spec.ts";
import type { EntryPoint, MiddlewareConfig, RouterConfig } from "./traefik-config.ts";
import { traefikServiceName } from "../release/names.ts";
import { balancerAt } from "./balancers.ts";
import { guardChain, headerChain, type Chain } from "./middlewares.ts";
import { forNow, redirectRegex } from "./redirects.ts";
import { covers, isSameRoute, routePriority, routeRule } from "./routes.ts";

/** The facts about the server that a route depends on. */
export interface RoutingServer {
  readonly instance: string;
  /** The port that clients use for https, for redirects. */
  readonly httpsPort: number;
  /** Hosts with a certificate: only these redirect to https. */
  readonly secured?: readonly string[];
  /** Secured hosts with HSTS: they have no http route. */
  readonly strict?: readonly string[];
  /** Addresses and ranges of the proxies in front that may say how their clients came. */
  readonly trusted?: readonly string[];
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
  /** Only for requests of clients behind a trusted proxy, whose addresses count and not the proxy's; in the file alone. */
  readonly isBehind?: true;
  /** Middlewares of the app's own answer: all but the guards, the retry and the redirect. */
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
  const ofServer = known.get(server) ?? new WeakMap<Release, ReleaseRouting>();
  known.set(server, ofServer);
  const routing = ofServer.get(release) ?? makeRouting(release, server);
  ofServer.set(release, routing);
  return routing;
}

/** One dynamic file asks for the same release many times; neither of the two ever changes. */
const known = new WeakMap<RoutingServer, WeakMap<Release, ReleaseRouting>>();

function makeRouting(release: Release, server: RoutingServer): ReleaseRouting {
  const { routes } = release.spec;
  const draft = new RoutingDraft(release, server);
  const { service, routers, middlewares } = draft;
  if (routes.length === 0 || release.port === undefined) return { service, routers, middlewares };
  // The outermost one, so that each answer carries it, a refusal too.
  const tag = draft.use("release", {
    headers: { customResponseHeaders: { [releaseHeader]: releaseTag(release) } },
  });
  // Only a failed dial is retried. No byte was sent then, so it is safe for POST too. But Traefik takes a quick answer over h2c for
  // a failed dial now and then, and sends the request a second time.
  const retry =
    release.spec.protocol === "h2c"
      ? []
      : [draft.use("retry", { retry: { attempts: 3, initialInterval: "100ms" } })];
  const header = draft.useAll(headerChain(release));
  const guards = draft.useAll(guardChain(release));
  const { trusted } = server;
  const behind = trusted === undefined ? guards : draft.useAll(guardChain(release, trusted));
  const parts = { tag, retry, header, guards, behind };
  for (const [index, route] of routes.entries()) {
    if (route.to === undefined) addRoute(draft, parts, { route, n: index + 1 });
    else addRedirect(draft, parts, { route, n: index + 1 });
  }
  return { service, routers, middlewares };
}

/** Names of middlewares that the routes of a release share. */
interface Parts {
  readonly tag: string;
  readonly retry: readonly string[];
  readonly header: readonly string[];
  readonly guards: readonly string[];
  /** The guards for clients behind a trusted proxy. */
  readonly behind: readonly string[];
}

interface Numbered {
  readonly route: RouteSpec;
  readonly n: number;
}

class RoutingDraft {
  readonly release: Release;
  readonly server: RoutingServer;
  readonly service: string;
  readonly routers: RoutePlan[] = [];
  readonly middlewares: Record<string, MiddlewareConfig> = {};

  constructor(release: Release, server: RoutingServer) {
    this.release = release;
    this.server = server;
    this.service = traefikServiceName(release.spec.slug, release.number);
  }

  use(suffix: string, config: MiddlewareConfig): string {
    const name = `${this.service}-${suffix}`;
    this.middlewares[name] = config;
    return name;
  }

  useAll(chain: Chain): readonly string[] {
    for (const [name, config] of chain) if (config !== undefined) this.middlewares[name] = config;
    return chain.map(([name]) => name);
  }

  isStrict({ host, https }: RouteSpec): boolean {
    return https && this.server.strict?.includes(host) === true;
  }

  /** Adds a router, and where proxies are trusted one before it for clients behind them: a less specific route of a release that looks at addresses may answer here during a switch. */
  addBoth(
    router: Omit<RoutePlan, "config">,
    chain: (side: "direct" | "behind") => readonly string[],
  ): void {
    const variant = { name: `${router.name}-behind`, isBehind: true, isInFile: true } as const;
    if (this.server.trusted !== undefined) this.add({ ...router, ...variant }, chain("behind"));
    this.add(router, chain("direct"));
  }

  add(router: Omit<RoutePlan, "config">, chain: readonly string[]): void {
    const { route, entryPoint } = router;
    const config: RouterConfig = {
      entryPoints: [entryPoint],
      rule: [
        routeRule(route),
        ...(router.isProxied ? [clientUsesHttps] : []),
        ...(router.isBehind ? [isForwarded] : []),
      ].join(" && "),
      priority: routePriority(route, this.release.number),
      service: balancerAt(entryPoint, this.release, this.service),
      middlewares: chain,
      ...(entryPoint === "websecure" ? { tls: {} } : {}),
    };
    this.routers.push({ ...router, config });
  }
}

function addRoute(draft: RoutingDraft, parts: Parts, { route, n }: Numbered): void {
  const { release, server } = draft;
  const { tag, retry, header, guards, behind } = parts;
  const isStripped = release.spec.stripPrefix && route.path !== "";
  const strips = isStripped ? [draft.use(`strip-${n}`, strip(route.path))] : [];
  const insideOf = (chain: readonly string[]) => [...header, ...chain, ...strips, ...retry];
  const add = (router: Omit<RoutePlan, "config">, before: readonly string[]): void =>
    draft.addBoth(router, (side) => [...before, ...insideOf(side === "behind" ? behind : guards)]);
  const shape = [tag, ...header, ...strips];
  const name = `${draft.service}-${n}`;
  if (!route.https) {
    const side = { name, route, entryPoint: "web", redirects: false, isInFile: false } as const;
    add({ ...side, shape }, [tag]);
    return;
  }
  const isStrict = draft.isStrict(route);
  const hold = isStrict ? [draft.use("hsts", hsts)] : [];
  const side = { name, route, entryPoint: "websecure", redirects: false } as const;
  const safe = { ...side, isInFile: isStrict, shape: [tag, ...hold, ...header, ...strips] };
  add(safe, [tag, ...hold]);
  if (release.spec.routes.some((other) => !other.https && isSameRoute(other, route))) return;
  const redirects = server.secured?.includes(route.host) === true;
  const http = { name: `${name}-http`, route, entryPoint: "web", redirects } as const;
  const proxied = { name: `${name}-proxied`, redirects: false, isProxied: true } as const;
  // Such a proxy would come back by http for ever.
  if (redirects && server.trusted !== undefined)
    add({ ...http, ...proxied, isInFile: true, shape }, [tag]);
  // In the file always, because containers of earlier versions have labels that redirect.
  const inFile = { ...http, isInFile: true, shape };
  const toHttps = (): readonly string[] => [tag, draft.use("https", redirect(server.httpsPort))];
  if (redirects) draft.addBoth(inFile, toHttps);
  else add(inFile, [tag]);
}

/** In the file, because where it leads depends on certificates. */
function addRedirect(draft: RoutingDraft, { tag }: Parts, { route, n }: Numbered): void {
  const lead = (name: string, entryPoint: EntryPoint, before: readonly string[]): void => {
    const side = { side: entryPoint, server: draft.server };
    const config = redirectRegex(draft.release, route, side);
    const forGood = draft.use(`to-${n}-${entryPoint}`, config);
    // A client keeps nothing of an answer before its release is live.
    const shape = [...before, draft.use(`to-${n}-${entryPoint}-now`, forNow(config))];
    const router = { name, route, entryPoint, redirects: true, isInFile: true, shape };
    draft.addBoth(router, () => [...before, forGood]);
  };
  const name = `${draft.service}-${n}`;
  if (!route.https) return lead(name, "web", [tag]);
  lead(name, "websecure", draft.isStrict(route) ? [tag, draft.use("hsts", hsts)] : [tag]);
  lead(`${name}-http`, "web", [tag]);
}

/** Traefik takes these headers away from requests of clients that it does not trust. */
const clientUsesHttps = "Header(`X-Forwarded-Proto`, `https`)";
const isForwarded = "HeaderRegexp(`X-Forwarded-For`, `.`)";

/** True for a router beside the one of its place, which it outranks for some clients. */
export const isBeside = ({ isProxied, isBehind }: RoutePlan): boolean =>
  isProxied === true || isBehind === true;

/** True when a router answers requests that `wanted` stands for. Of several, the first at the highest priority counts. */
export const answersFor = (plan: RoutePlan, wanted: RoutePlan): boolean =>
  plan.entryPoint === wanted.entryPoint &&
  covers(plan.route, wanted.route) &&
  (plan.isProxied !== true || wanted.isProxied === true) &&
  (plan.isBehind !== true || wanted.isBehind === true);

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
