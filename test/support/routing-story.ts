import type { Release } from "../../src/core/release/release.ts";
import type { RouteSpec } from "../../src/core/release/spec.ts";
import type { RoutingChange } from "../../src/core/routing/routing-change.ts";
import type { RoutingState } from "../../src/core/routing/routing-state.ts";
import { changeRouting } from "../../src/core/routing/routing-change.ts";
import { dynamicConfig } from "../../src/core/routing/dynamic-config.ts";
import { stopsOldFirst } from "../../src/core/release/spec.ts";
import { release } from "./releases.ts";
import { traefik } from "./traefik-interpreter.ts";

const server = { instance: "mypaas", httpsPort: 443 };

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
  state: { server: { ...server, secured }, live, switches: [], takeovers: [] },
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
): readonly string[] {
  return urls.map(traefik({ running, server, file: dynamicConfig(state) }, passes));
}

/**
 * The same said without routers and priorities, request by request: the most specific route wins, and redirects where its certificate is there; who is being replaced answers until the
 * cut-over, or lets requests wait where it stops first; where nobody is, requests wait for whoever comes.
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
): string {
  const isClosed = ({ spec }: Release): boolean =>
    maintenance.some(({ service }) => service === spec.service);
  const all = [
    ...live,
    ...switches.flatMap(({ from, to }) => (from === undefined ? to : [from, to])),
  ];
  const best = (releases: readonly Release[]) => bestOf({ releases, lost, secured, all }, url);
  const answering = [
    ...live.filter(({ spec }) => !switches.some(({ service }) => service === spec.service)),
    ...switches.flatMap(({ phase, from, to }) => (phase === "held" ? (from ?? []) : to)),
  ];
  const owner = best(answering);
  if (owner !== undefined) {
    if (isClosed(owner.release)) return "maintenance";
    const own = switches.find(({ service }) => service === owner.release.spec.service);
    if (own?.phase !== "held" || own.mode !== "wait") return owner.answer;
    const sides = [own.to, owner.release].flatMap((one) => best([one]) ?? []);
    if (sides.every(({ redirects }) => redirects)) return owner.answer;
    return `wait ${sides.map((side) => side.plain).join(" or ")}`;
  }
  const coming = switches.filter(({ phase }) => phase === "held").map(({ to }) => to);
  const next = best(coming);
  if (next === undefined) {
    if (!url.startsWith("https")) return "nobody";
    // Where the host has its certificate still, those who know it over https are answered over http's route.
    const http = url.replace("https", "http");
    const left = bestOf({ releases: answering, lost, secured: [], all, isPlainOnly: true }, http);
    if (left === undefined || !secured.includes(left.host) || left.host.startsWith("*."))
      return "nobody";
    if (isClosed(left.release)) return "maintenance";
    const own = switches.find(({ service }) => service === left.release.spec.service);
    return own?.phase === "held" && own.mode === "wait" ? "nobody" : `${left.plain} letting go`;
  }
  if (isClosed(next.release)) return "maintenance";
  return next.redirects ? "redirects for now" : `wait ${next.plain}`;
}

interface Best {
  readonly release: Release;
  readonly host: string;
  readonly redirects: boolean;
  readonly plain: string;
  readonly answer: string;
}

interface Choice {
  readonly releases: readonly Release[];
  readonly lost: ReadonlySet<string>;
  readonly secured: readonly string[];
  /** Everybody on the server. */
  readonly all: readonly Release[];
  /** Leaves out the http side of https routes. */
  readonly isPlainOnly?: boolean;
}

function bestOf(
  { releases, lost, secured, all, isPlainOnly }: Choice,
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
  const redirects = isHttpSide && secured.includes(route.host);
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
  const plain = `${tag}${by}${strips}${isStrict ? " strictly" : ""}`;
  return {
    release: found.release,
    host: route.host,
    redirects,
    plain,
    answer: redirects ? `${tag} redirects` : plain,
  };
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

/** `web/2 alone strip https://a.test …`: a release with these routes. */
export function releaseOf(text: string): Release {
  const [name = "", kind = "roll", ...rest] = text.split(" ");
  const [service = "", number = "1"] = name.split("/");
  const routes = rest.filter((word) => word.startsWith("http"));
  const port = rest.find((word) => word.startsWith("port="));
  return release(service, Number(number), {
    routes,
    port: rest.includes("portless") ? undefined : Number(port?.slice(5) ?? 3000),
    spec: {
      stripPrefix: rest.includes("strip"),
      sticky: { kind: rest.includes("sticky") ? "on" : "off" },
      answerTimeoutMs: rest.includes("timeout") ? Number(number) * 1000 : undefined,
      protocol: rest.includes("h2c") ? "h2c" : "http",
      scale: kinds[kind as keyof typeof kinds],
    },
  });
}
