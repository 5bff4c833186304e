import type {
  DynamicConfig,
  EntryPoint,
  MiddlewareConfig,
  RouterConfig,
} from "../../src/core/routing/traefik-config.ts";
import type { Release } from "../../src/core/release/release.ts";
import { balancersOf, type Balancer } from "../../src/core/routing/balancers.ts";
import type { RoutingServer } from "../../src/core/routing/release-routing.ts";
import { releaseHeader, releaseRouting } from "../../src/core/routing/release-routing.ts";

/** Everything that Traefik knows at one moment. */
export interface TraefikWorld {
  /** Releases whose containers run, and so their labels. */
  readonly running: readonly Release[];
  readonly file: DynamicConfig;
  readonly server: RoutingServer;
}

interface Mounted {
  readonly name: string;
  readonly config: RouterConfig;
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
}

/** What a request says of itself beside its URL. */
export interface Client {
  /** The length of its body; `endless`: it does not say it. A request without a body when left out. */
  readonly body?: number | "endless";
  /** It comes from a trusted proxy, which says its address. */
  readonly isBehind?: boolean;
  /** The proxy says too that it has https. */
  readonly isProxied?: boolean;
}

/**
 * Says who answers a URL as Traefik would: of all routers of the running releases and of the file, the one of highest priority whose rule matches.
 * `web/43`, `web/43 strips /api`, `web/43 redirects`, `redirects for now` (by nobody yet), `wait web/43 or web/42`, `nobody`, `receiver`.
 * `web/43 refuses 413`. `web/43 leads to https://b.test/`; `web/43: asks ann, zips`: with the middlewares of keys, the outermost first.
 * Throws where Traefik would drop a router or decide by accident: a missing middleware or service, a tie, an answer under another's name.
 */
export function traefik(
  world: TraefikWorld,
  passes: readonly string[] = [],
  client: Client = {},
): (url: string) => string {
  const mounted = routers(world).toSorted((a, b) => b.config.priority - a.config.priority);
  for (const one of mounted) answerOf(one, world, "http://any.test/");
  return (url) => {
    const [, scheme, host = "", path = "/"] = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
    const entryPoint: EntryPoint = scheme === "https" ? "websecure" : "web";
    const [first, second] = mounted.filter(
      ({ config }) =>
        config.entryPoints[0] === entryPoint && matches(config, { host, path, passes, client }),
    );
    if (first === undefined) return "404";
    if (first.config.priority === second?.config.priority)
      throw new Error(`a tie at ${url}: ${first.name} and ${second.name}`);
    return answerOf(first, world, url);
  };
}

function routers({ running, file, server }: TraefikWorld): readonly Mounted[] {
  const docker = running.flatMap((release) => {
    const { routers: plans, middlewares } = releaseRouting(release, server);
    return plans.map(({ name, config }) => ({
      name: `${name}@docker`,
      config: { ...config, service: `${config.service}@docker` },
      middlewares,
    }));
  });
  const ours = Object.entries(file.http.routers).map(([name, config]) => ({
    name: `${name}@file`,
    config,
    middlewares: file.http.middlewares,
  }));
  return [...docker, ...ours];
}

function answerOf(
  { name, config, middlewares }: Mounted,
  world: TraefikWorld,
  url: string,
): string {
  const inFile = world.file.http.middlewares;
  const shape = shapeOf({ name, chain: config.middlewares, known: middlewares, inFile }, url);
  const [service = "", provider] = config.service.split("@");
  if (provider === "docker") {
    const release = world.running.find((one) => balancerOf(service, one, world) !== undefined);
    if (release === undefined) throw new Error(`${name} leads to ${service}, which does not run`);
    const tag = `${release.spec.service}/${release.number}`;
    if (shape.tag !== tag) throw new Error(`${name}: ${tag} answers under the name ${shape.tag}`);
    const balancer = balancerOf(service, release, world);
    checkTransport(`${name}: ${service}`, balancer?.serversTransport, world);
    checkCookie(`${name}: ${service}`, config.entryPoints[0], { release, balancer });
  }
  if (shape.refuses !== undefined) return `${shape.tag ?? "nobody"} refuses ${shape.refuses}`;
  if (shape.isClosed) return "maintenance";
  if (shape.redirects === "for now") return "redirects for now";
  if (shape.redirects === "for good") return `${shape.tag} redirects`;
  if (provider === "docker") {
    const scheme = balancerIn(service, world)?.server.scheme;
    return spoken({ ...shape, isH2c: scheme === "h2c" });
  }
  if (shape.leads !== undefined) return spoken(shape);
  const found = world.file.http.services[service];
  if (found === undefined) throw new Error(`${name} leads to ${service}, which the file lacks`);
  if ("weighted" in found)
    return `wait ${found.weighted.services.map((one) => waitedFor(one.name, world, url)).join(" or ")}${listed(shape.keys)}`;
  return service;
}

function balancerOf(service: string, release: Release, { server }: TraefikWorld) {
  const { routers: plans } = releaseRouting(release, server);
  const balancers = balancersKnown.get(plans) ?? balancersOf(release, plans);
  balancersKnown.set(plans, balancers);
  return balancers[service];
}

/** Of the routers of one release. */
const balancersKnown = new WeakMap<object, ReturnType<typeof balancersOf>>();

const balancerIn = (service: string, world: TraefikWorld) =>
  world.running.flatMap((one) => balancerOf(service, one, world) ?? [])[0];

/** Traefik drops a router whose service names a transport that is not there. */
function checkTransport(where: string, name: string | undefined, { file }: TraefikWorld): void {
  const known = file.http.serversTransports ?? {};
  if (name !== undefined && known[name.replace(/@file$/, "")] === undefined)
    throw new Error(`${where} has the transport ${name}, which is not there`);
}

/** A browser takes no `Secure` cookie over http, and every route of a sticky release has its cookie. */
function checkCookie(
  where: string,
  entryPoint: EntryPoint,
  { release, balancer }: { release: Release; balancer: Balancer | undefined },
): void {
  const cookie = balancer?.sticky?.cookie;
  if ((cookie === undefined) !== (release.spec.sticky.kind === "off"))
    throw new Error(`${where} has the cookie ${cookie?.name}`);
  if (cookie?.secure === true && entryPoint === "web")
    throw new Error(`${where} sets a secure cookie over http`);
}

interface Shape {
  readonly isH2c?: boolean;
  readonly tag: string | undefined;
  readonly strips: string | undefined;
  /** Seconds that it tells browsers to stay with https. */
  readonly strict: string | undefined;
  readonly redirects: "for good" | "for now" | undefined;
  readonly isClosed?: boolean;
  /** The status of a request whose body is too large. */
  readonly refuses?: number | undefined;
  /** Where a host of `redirect` leads. */
  readonly leads: string | undefined;
  /** What keys add, the outermost first. */
  readonly keys: readonly string[];
}

interface Chained {
  readonly name: string;
  readonly chain: readonly string[] | undefined;
  readonly known: Readonly<Record<string, MiddlewareConfig>>;
  readonly inFile: Readonly<Record<string, MiddlewareConfig>>;
}

/** What a chain of middlewares does to an answer. */
function shapeOf({ name, chain = [], known, inFile }: Chained, url: string): Shape {
  let shape: Shape = {
    tag: undefined,
    strips: undefined,
    strict: undefined,
    redirects: undefined,
    leads: undefined,
    keys: [],
  };
  for (const one of chain) {
    const config = known[one] ?? (one.endsWith("@file") ? inFile[one.slice(0, -5)] : undefined);
    if (config === undefined) throw new Error(`${name} names ${one}, which is not there`);
    const before = shape;
    shape = { ...before, ...changeOf(config, before, url) };
    if (shape.tag !== before.tag && (before.keys.length > 0 || before.strips !== undefined))
      throw new Error(`${name}: the release header is not outermost`);
  }
  return shape;
}

function changeOf(config: MiddlewareConfig, { keys }: Shape, url: string): Partial<Shape> {
  const key = (text: string): Partial<Shape> => ({ keys: [...keys, text] });
  if ("headers" in config) {
    const { customResponseHeaders: headers } = config.headers;
    const tag = headers[releaseHeader];
    if (tag !== undefined) return { tag };
    const strict = headers["Strict-Transport-Security"]?.replace("max-age=", "");
    if (strict !== undefined) return { strict };
    return key(`sets ${Object.keys(headers).join(" ")}`);
  }
  if ("stripPrefix" in config) return { strips: config.stripPrefix.prefixes[0] };
  if ("redirectScheme" in config)
    return { redirects: config.redirectScheme.permanent ? "for good" : "for now" };
  if ("redirectRegex" in config) {
    const { regex, replacement, permanent } = config.redirectRegex;
    const place = url.replace(new RegExp(regex), replacement.replaceAll(/\$\{(\d)\}/g, "$$$1"));
    return { leads: `leads${permanent ? "" : " for now"} to ${place}` };
  }
  if ("basicAuth" in config) {
    const names = config.basicAuth.users.map((user) => user.split(":")[0]);
    return key(`asks ${names.join(" ")}`);
  }
  if ("ipAllowList" in config) {
    const { sourceRange, ipStrategy } = config.ipAllowList;
    return key(`only ${sourceRange.join(" ")}${ipStrategy === undefined ? "" : " forwarded"}`);
  }
  if ("rateLimit" in config) {
    const { average, period, sourceCriterion } = config.rateLimit;
    const isForwarded = "excludedIPs" in sourceCriterion.ipStrategy;
    return key(`${average} per ${period}${isForwarded ? " forwarded" : ""}`);
  }
  if ("inFlightReq" in config) return key(`${config.inFlightReq.amount} at once`);
  if ("errors" in config) {
    const refuses = config.errors.statusRewrites?.["503"];
    return refuses === undefined ? { isClosed: config.errors.status.includes("503") } : { refuses };
  }
  return "compress" in config ? key("zips") : {};
}

const listed = (keys: readonly string[]): string =>
  keys.length === 0 ? "" : `: ${keys.join(", ")}`;

const spoken = ({ tag, strips, strict, leads, keys, isH2c }: Shape): string => {
  const bound = strict === "0" ? " letting go" : strict === undefined ? "" : " strictly";
  const words = [
    tag,
    isH2c === true && leads === undefined ? "by h2c" : undefined,
    strips && `strips ${strips}`,
    leads,
  ].filter((word) => word !== undefined);
  return `${words.join(" ")}${bound}${listed(keys)}`;
};

/** Who will answer under a name that nobody has yet; the name tells the service and which of its releases. */
function waitedFor(name: string, world: TraefikWorld, url: string): string {
  const { file } = world;
  const service = file.http.services[name];
  if (service === undefined || !("loadBalancer" in service)) throw new Error(`no service ${name}`);
  const { middlewares } = file.http;
  const chain = service.middlewares;
  const shape = shapeOf({ name, chain, known: middlewares, inFile: middlewares }, url);
  checkTransport(name, service.loadBalancer.serversTransport, world);
  const [server] = service.loadBalancer.servers;
  const [, slug] =
    /^(?:http|h2c):\/\/(.+)\.(?:next|back)\.invalid\.:\d+$/.exec(server?.url ?? "") ?? [];
  if (slug === undefined || shape.tag?.split("/")[0]?.replaceAll(".", "-") !== slug)
    throw new Error(`${name}: ${server?.url} would answer under the name ${shape.tag}`);
  return spoken({ ...shape, isH2c: server?.url.startsWith("h2c:") === true });
}

interface Asked {
  readonly host: string;
  readonly path: string;
  readonly passes: readonly string[];
  readonly client: Client;
}

/** Conditions beside host and path. */
const conditions: readonly [RegExp, (asked: Asked, found: string) => boolean][] = [
  [/ && !Header\(`X-Mypaas-Pass`, `([0-9a-z]+)`\)$/, ({ passes }, pass) => !passes.includes(pass)],
  [
    / && HeaderRegexp\(`Content-Length`, `([^`]+)`\)$/,
    ({ client: { body } }, pattern) =>
      typeof body === "number" && new RegExp(pattern).test(String(body)),
  ],
  [
    / && \((?:(?: \|\| )?Method\(`(?:POST|PUT|PATCH)`\)){3}\) && !HeaderRegexp\(`Content-Length`, `\.`\)$/,
    ({ client }) => client.body === "endless",
  ],
  [/ && HeaderRegexp\(`X-Forwarded-For`, `\.`\)$/, ({ client }) => client.isBehind === true],
  [/ && Header\(`X-Forwarded-Proto`, `https`\)$/, ({ client }) => client.isProxied === true],
];

function matches({ rule: written }: RouterConfig, asked: Asked): boolean {
  const { host, path } = asked;
  let rule = written;
  for (let isCut = true; isCut;) {
    isCut = false;
    for (const [pattern, holds] of conditions) {
      const found = pattern.exec(rule);
      if (found === null) continue;
      if (!holds(asked, found[1] ?? "")) return false;
      rule = rule.slice(0, found.index);
      isCut = true;
    }
  }
  const whole =
    /^(?:Host\(`([^`]+)`\))?(?: && )?(?:\(Path\(`([^`]+)`\) \|\| PathPrefix\(`([^`]+)`\)\)|PathPrefix\(`([^`]+)`\))?$/.exec(
      rule,
    );
  if (whole === null) throw new Error(`not a rule of ours: ${rule}`);
  const [, wantedHost, exact, below, prefix] = whole;
  const isHost =
    wantedHost === undefined ||
    wantedHost === host ||
    (wantedHost.startsWith("*.") && wantedHost.slice(1) === host.slice(host.indexOf(".")));
  const isPath =
    prefix === undefined
      ? exact === undefined || path === exact || path.startsWith(below ?? "")
      : path.startsWith(prefix);
  return isHost && isPath;
}
