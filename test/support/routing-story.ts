import type { Release } from "../../src/core/release/release.ts";
import type { RedirectTarget, RouteSpec } from "../../src/core/release/spec.ts";
import type { RoutingChange } from "../../src/core/routing/routing-change.ts";
import type { RoutingState } from "../../src/core/routing/routing-state.ts";
import { changeRouting } from "../../src/core/routing/routing-change.ts";
import type { DynamicConfig } from "../../src/core/routing/traefik-config.ts";
import { dynamicConfig } from "../../src/core/routing/dynamic-config.ts";
import { stopsOldFirst } from "../../src/core/release/spec.ts";
import { release } from "./releases.ts";
import { traefik, type Client } from "./traefik-interpreter.ts";

const server = { instance: "mypaas", httpsPort: 443 };
const passwords = { ann: "hash", bob: "hash" };
const users = { web: passwords, api: passwords };

/** One service on its way: `from` may be nobody. */
export interface Going {
  readonly from: Release | undefined;
  readonly to: Release;
}

/** A moment of the story: the routing and the containers that run. */
export interface Moment {
  readonly state: RoutingState;
  readonly running: readonly Release[];
}

/** A server on which nothing happens yet; every host of these has a certificate, but none below `bare.test`. */
export const still = (live: readonly Release[], secured = hosts): Moment => ({
  state: { server: { ...server, secured, users }, live, switches: [], takeovers: [] },
  running: live,
});

const hosts: readonly string[] = ["a.test", "b.test", "*.a.test", "*.b.test", "*.test", "a.b.test"];

export type Act =
  | "hold"
  | "stop-old"
  | "start"
  | "cut-over"
  | "remove-new"
  | "bring-back"
  | "remove-old"
  | "settle"
  | "settle-back";

export const waits = ({ from, to }: Going): boolean => from === undefined || stopsOldFirst(to.spec);
const stopsOld = ({ from, to }: Going): boolean => from !== undefined && stopsOldFirst(to.spec);

/** What a switch that works does, one after the other. */
export const goodActs = (going: Going): readonly Act[] => [
  "hold",
  ...(stopsOld(going) ? (["stop-old"] as const) : []),
  "start",
  "cut-over",
  "remove-old",
  "settle",
];

/** What one does that fails before its cut-over, or at it, when requests go back to the hold. */
export const failingActs = (going: Going, at: "start" | "cut-over"): readonly Act[] => [
  "hold",
  ...(stopsOld(going) ? (["stop-old"] as const) : []),
  "start",
  ...(at === "cut-over" ? (["cut-over", "hold"] as const) : []),
  "remove-new",
  ...(stopsOld(going) ? (["bring-back"] as const) : []),
  "settle-back",
];

export function perform({ state, running }: Moment, act: Act, going: Going): Moment {
  const { from, to } = going;
  const { service } = to.spec;
  const routing = (change: RoutingChange): Moment => ({
    state: changeRouting(state, change),
    running,
  });
  const without = (gone: Release | undefined): Moment => ({
    state,
    running: running.filter(
      (one) => one.spec.service !== gone?.spec.service || one.number !== gone.number,
    ),
  });
  switch (act) {
    case "hold":
      return routing({ kind: "hold", service, to, from, mode: waits(going) ? "wait" : "serving" });
    case "cut-over":
      return routing({ kind: "cut-over", service });
    case "settle":
      return routing({ kind: "finished", service, live: to });
    case "settle-back":
      return routing({ kind: "finished", service, live: from });
    case "start":
      return { state, running: [...running, to] };
    case "bring-back":
      return { state, running: from === undefined ? running : [...running, from] };
    case "stop-old":
    case "remove-old":
      return without(from);
    case "remove-new":
      return without(to);
  }
}

/** Who answers each URL at that moment; `passes` are those of services in maintenance that the client knows. */
export function answers(
  { state, running }: Moment,
  urls: readonly string[],
  passes: readonly string[] = [],
  client: Client = {},
): readonly string[] {
  const file = files.get(state) ?? dynamicConfig(state);
  files.set(state, file);
  return urls.map(traefik({ running, server, file }, passes, client));
}

/** Of each moment, which several clients ask. */
const files = new WeakMap<Moment["state"], DynamicConfig>();

/**
 * The same said without routers and priorities, request by request: the most specific route wins, and redirects where its certificate is there; who is being replaced answers until the
 * cut-over, or lets requests wait where it stops first; where nobody is, requests wait for whoever comes.
 * A body that is too large is refused by whoever would answer, and by nobody yet where it would wait; clients behind a trusted proxy count by their own addresses.
 * `owned` are the routes that a service has lost to another, as `service host path`.
 */
export function oracle(
  {
    state: {
      server: { secured = [] },
      live,
      switches,
      maintenance = [],
    },
  }: Moment,
  lost: ReadonlySet<string>,
  url: string,
  client: Client = {},
): string {
  const isClosed = ({ spec }: Release): boolean =>
    maintenance.some(({ service }) => service === spec.service);
  const all = [
    ...live,
    ...switches.flatMap(({ from, to }) => (from === undefined ? to : [from, to])),
  ];
  const best = (releases: readonly Release[]) =>
    bestOf({ releases, lost, secured, all, client }, url);
  const answering = [
    ...live.filter(({ spec }) => !switches.some(({ service }) => service === spec.service)),
    ...switches.flatMap(({ phase, from, to }) => (phase === "held" ? (from ?? []) : to)),
  ];
  const owner = best(answering);
  if (owner !== undefined) {
    if (isClosed(owner.release)) return "maintenance";
    const own = switches.find(({ service }) => service === owner.release.spec.service);
    if (own?.phase !== "held" || own.mode !== "wait")
      return refusal([owner], client, tagOf(owner.release)) ?? owner.answer;
    const sides = [own.to, owner.release].flatMap((one) => best([one]) ?? []);
    if (sides.every(({ redirects }) => redirects)) return owner.answer;
    return refusal(sides, client) ?? waiting(sides, client);
  }
  const coming = switches.filter(({ phase }) => phase === "held").map(({ to }) => to);
  const next = best(coming);
  if (next === undefined) {
    if (!url.startsWith("https")) return "nobody";
    // Where the host has its certificate still, those who know it over https are answered over http's route.
    const http = url.replace("https", "http");
    const choice = { releases: answering, lost, secured: [], all, client, isPlainOnly: true };
    const left = bestOf(choice, http);
    if (left === undefined || !secured.includes(left.host) || left.host.startsWith("*."))
      return "nobody";
    if (isClosed(left.release)) return "maintenance";
    const own = switches.find(({ service }) => service === left.release.spec.service);
    if (own?.phase === "held" && own.mode === "wait") return refusal([left], client) ?? "nobody";
    const refused = refusal([left], client, tagOf(left.release));
    if (refused !== undefined) return refused;
    return `${left.base} letting go${list([...left.sets, ...left.guards])}`;
  }
  if (isClosed(next.release)) return "maintenance";
  if (next.redirects) return next.now ?? "redirects for now";
  return refusal([next], client) ?? waiting([next], client);
}

const tagOf = ({ spec, number }: Release): string => `${spec.service}/${number}`;

/** The refusal of a body, where one of these releases takes no such body. */
function refusal(sides: readonly Best[], { body }: Client, tag = "nobody"): string | undefined {
  const limits = sides
    .filter(({ redirects }) => !redirects)
    .flatMap(({ release }) => release.spec.maxBodyBytes ?? []);
  if (limits.length === 0 || body === undefined) return undefined;
  if (body === "endless") return `${tag} refuses 411`;
  return limits.some((limit) => body > limit) ? `${tag} refuses 413` : undefined;
}

/** Each side with the headers that it sets, then what a request must fulfil to wait at all. */
function waiting(sides: readonly Best[], client: Client): string {
  const all = sides.map(({ release }) => release);
  const texts = sides.map(({ base, bound, sets }) => `${base}${bound}${list(sets)}`);
  return `wait ${texts.join(" or ")}${list(waitWords(all, client))}`;
}

const list = (words: readonly string[]): string =>
  words.length === 0 ? "" : `: ${words.join(", ")}`;

const setWords = ({ spec }: Release): readonly string[] =>
  spec.headers.length === 0 ? [] : [`sets ${spec.headers.map(({ name }) => name).join(" ")}`];

const forwarded = ({ isBehind }: Client): string => (isBehind === true ? " forwarded" : "");
const only = ({ spec }: Release, client: Client): readonly string[] =>
  spec.allowIp.length === 0 ? [] : [`only ${spec.allowIp.join(" ")}${forwarded(client)}`];
const rate = ({ spec: { rateLimit } }: Release, client: Client): readonly string[] =>
  rateLimit === undefined
    ? []
    : [`${rateLimit.requests} per 1${rateLimit.per}${forwarded(client)}`];
const asks = (names: readonly string[]): readonly string[] =>
  names.length === 0 ? [] : [`asks ${names.join(" ")}`];
const zips = ({ spec }: Release): readonly string[] => (spec.compress ? ["zips"] : []);

const guardWords = (one: Release, client: Client): readonly string[] => [
  ...only(one, client),
  ...rate(one, client),
  ...asks(one.spec.auth),
  ...(one.spec.maxRequests === undefined ? [] : [`${one.spec.maxRequests} at once`]),
  ...zips(one),
];

/** Who waits for one of two must be let in by both; the rest is as the coming one says. */
function waitWords([to, from]: readonly Release[], client: Client): readonly string[] {
  if (to === undefined) return [];
  const lists = [to.spec.auth, from?.spec.auth ?? []].filter((names) => names.length > 0);
  const [first = [], second] = lists;
  const both = second === undefined ? first : first.filter((name) => second.includes(name));
  return [
    ...new Set([...only(to, client), ...(from === undefined ? [] : only(from, client))]),
    ...rate(to, client),
    ...(first.length > 0 && both.length === 0 ? ["asks -"] : asks(both)),
    ...zips(to),
  ];
}

interface Best {
  readonly release: Release;
  readonly host: string;
  readonly redirects: boolean;
  /** The release and the prefix that it strips, or for now the place to which its host leads. */
  readonly base: string;
  readonly bound: string;
  readonly sets: readonly string[];
  readonly guards: readonly string[];
  /** What a host of `redirect` says while its first release gets ready. */
  readonly now: string | undefined;
  readonly answer: string;
}

interface Choice {
  readonly releases: readonly Release[];
  readonly lost: ReadonlySet<string>;
  readonly secured: readonly string[];
  /** Everybody on the server. */
  readonly all: readonly Release[];
  readonly client: Client;
  /** Leaves out the http side of https routes. */
  readonly isPlainOnly?: boolean;
}

function bestOf(
  { releases, lost, secured, all, client, isPlainOnly }: Choice,
  url: string,
): Best | undefined {
  const [, scheme, host = "", path = "/"] = /^(https?):\/\/([^/]+)(\/.*)?$/.exec(url) ?? [];
  const fits = (route: RouteSpec): boolean =>
    (route.host === host || route.host === `*${host.slice(host.indexOf("."))}`) &&
    (path === route.path || path.startsWith(`${route.path}/`));
  const weight = ({ host: one, path: below }: RouteSpec): number =>
    (one.startsWith("*") ? 0 : 1000) + below.length;
  const found = releases
    .flatMap((one) =>
      one.spec.routes
        .filter(fits)
        .filter((route) => !lost.has(placeOf(one, route)))
        .filter(({ https }) => isPlainOnly !== true || !https)
        .map((route) => ({
          release: one,
          route,
          isHttpSide:
            route.https &&
            scheme === "http" &&
            !one.spec.routes.some(
              (other) => other.host === route.host && other.path === route.path && !other.https,
            ),
        })),
    )
    .filter(({ route, isHttpSide }) => route.https === (scheme === "https") || isHttpSide)
    .toSorted((a, b) => weight(b.route) - weight(a.route))[0];
  if (found === undefined) return undefined;
  const { route, isHttpSide } = found;
  const { number, spec } = found.release;
  const tag = `${spec.service}/${number}`;
  const strips = spec.stripPrefix && route.path !== "" ? ` strips ${route.path}` : "";
  const isBelow = (host: string, wildcard: string): boolean =>
    wildcard === `*${host.slice(host.indexOf("."))}`;
  const isPlainToo = all
    .flatMap((one) => one.spec.routes)
    .some(
      (one) =>
        !one.https &&
        (one.host === route.host || isBelow(route.host, one.host) || isBelow(one.host, route.host)),
    );
  const isStrict = scheme === "https" && secured.includes(route.host) && !isPlainToo;
  const by = spec.protocol === "h2c" ? " by h2c" : "";
  const bound = isStrict ? " strictly" : "";
  const common = { release: found.release, host: route.host, bound };
  if (route.to !== undefined) {
    const { isEarly, place } = leadsTo(spec, route.to, secured);
    const there = `${place}${path}`;
    return {
      ...common,
      redirects: true,
      base: `${tag} leads for now to ${there}`,
      sets: [],
      guards: [],
      now: `leads for now to ${there}`,
      answer: `${tag} leads${isEarly ? " for now" : ""} to ${there}${bound}`,
    };
  }
  const redirects = isHttpSide && secured.includes(route.host) && client.isProxied !== true;
  const [base, sets, guards] = [
    `${tag}${by}${strips}`,
    setWords(found.release),
    guardWords(found.release, client),
  ];
  const plain = `${base}${bound}${list([...sets, ...guards])}`;
  return {
    ...common,
    redirects,
    base,
    sets,
    guards,
    now: undefined,
    answer: redirects ? `${tag} redirects` : plain,
  };
}

/** Straight to https where the certificate is there, or where the place is somebody else's. */
function leadsTo({ routes }: Release["spec"], to: RedirectTarget, secured: readonly string[]) {
  const names = [to.host, `*${to.host.slice(to.host.indexOf("."))}`];
  const isOwn = routes.some((one) => one.to === undefined && names.includes(one.host));
  const isEarly = to.https && isOwn && !names.some((name) => secured.includes(name));
  return { isEarly, place: `${to.https && !isEarly ? "https" : "http"}://${to.host}${to.path}` };
}

/** A route of a release as `oracle` takes it. */
export const placeOf = (
  { spec, number }: Release,
  route: Pick<RouteSpec, "host" | "path">,
): string => `${spec.service}/${number} ${route.host}${route.path}`;

const kinds = {
  roll: { kind: "roll", replicas: 2 },
  safe: { kind: "safe", replicas: 2 },
  alone: { kind: "replace" },
} as const;

/** `web/2 alone strip https://a.test auth=ann …`: a release with these routes and keys; `http://a.test>https://b.test` redirects. */
export function releaseOf(text: string): Release {
  const [name = "", kind = "roll", ...rest] = text.split(" ");
  const [service = "", number = "1"] = name.split("/");
  const value = (key: string): string | undefined =>
    rest.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  const routes = rest.filter((word) => word.startsWith("http"));
  const amount = value("rate");
  return release(service, Number(number), {
    routes,
    port: rest.includes("portless") ? undefined : Number(value("port") ?? 3000),
    spec: {
      stripPrefix: rest.includes("strip"),
      sticky: { kind: rest.includes("sticky") ? "on" : "off" },
      answerTimeoutMs: rest.includes("timeout") ? Number(number) * 1000 : undefined,
      protocol: rest.includes("h2c") ? "h2c" : "http",
      scale: kinds[kind as keyof typeof kinds],
      auth: value("auth")?.split("+") ?? [],
      allowIp: value("allow")?.split("+") ?? [],
      headers: (value("header")?.split("+") ?? []).map((header) => ({ name: header, value: "1" })),
      rateLimit:
        amount === undefined ? undefined : { requests: Number(amount), per: "s", burst: 9 },
      maxBodyBytes: value("body") === undefined ? undefined : Number(value("body")),
      maxRequests: value("most") === undefined ? undefined : Number(value("most")),
      compress: rest.includes("zip"),
    },
  });
}
