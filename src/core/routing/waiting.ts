import { backendName, backendServices, type Backend } from "./backend.ts";
import { answersFor, type ReleaseRouting, type RoutePlan } from "./release-routing.ts";
import type { Release } from "../release/release.ts";
import type { Switch } from "./routing-state.ts";
import type { HttpConfig, MiddlewareConfig, ServersTransportConfig } from "./traefik-config.ts";
import { backName, nextName } from "../release/names.ts";
import { forNow } from "./redirects.ts";
import { waitingChain } from "./middlewares.ts";
import { drainTimeMs } from "../release/spec.ts";

/** A route whose requests wait, as parts of the dynamic file. */
export interface Waiting extends Omit<HttpConfig, "routers"> {
  readonly target: { readonly service: string; readonly middlewares: readonly string[] };
}

const waitPrefix = "wait-";

/** True for a service of Traefik, with its provider, through which only waiting requests dial. */
export const isWaitService = (name: string): boolean =>
  name.startsWith(waitPrefix) && name.endsWith("@file");

/** The service without servers: Traefik answers 503 for it. */
export const emptyService = "nobody";

/** Answers with a status in place of the 503 of that service. */
export const answerWith = (status: number): MiddlewareConfig => ({
  errors: {
    status: ["503"],
    statusRewrites: { "503": status },
    service: emptyService,
    query: "/",
  },
});

const intervalMs = 200;
/** Traefik's retry ends after 15 minutes, whatever its configuration. */
const longestMs = 14 * 60_000;
/** A new route loses nothing by an answer with Retry-After, and the client of a failing release gets it soon. */
const newRouteMs = 15_000;

/** For Docker's and Traefik's own part in a switch and its undo, which is slow on a busy machine. */
const overheadMs = 30_000;

/** The facts that make requests wait. */
export interface Wait {
  readonly one: Switch;
  readonly plan: RoutePlan;
  /** The route had no owner before the switch. */
  readonly isNew: boolean;
  /** Addresses of trusted proxies. */
  readonly trusted: readonly string[] | undefined;
  /** The routers of a release without its taken-over routes. */
  readonly routingOf: (release: Release) => ReleaseRouting;
}

/** Requests to `plan` wait for the first release of the switch that appears under a new name. A waiting request keeps its handler chain, so only a name that resolves later can reach it. In the end it gets 503. */
export function waitFor(wait: Wait): Waiting {
  const { one, plan, isNew } = wait;
  const next = sideOf(wait, one.to, nextName);
  const back = one.from && sideOf(wait, one.from, backName);
  const sides = [next, back].filter((side) => side !== undefined);
  const redirect = redirectOf(wait, sides);
  if (redirect !== undefined) return redirect;

  const service = `${waitPrefix}${plan.name}`;
  const trusted = plan.isBehind === true ? wait.trusted : undefined;
  const guards = waitingChain(
    sides.map(({ release }) => release),
    trusted,
  );
  const prefix = `${one.to.spec.slug}-${isNew ? "new" : "wait"}`;
  const backends = sides.map(
    ({ suffix, url, plan: { shape: middlewares }, transport: [transport] }): Backend => {
      const name = `${service}-${suffix}`;
      return { kind: "servers", service: name, urls: [url], middlewares, transport };
    },
  );
  return {
    target: {
      service,
      middlewares: [...guards.map(([name]) => name), `${prefix}-503`, `${prefix}-retry`],
    },
    services: {
      ...Object.assign({}, ...backends.map(backendServices)),
      [service]: {
        weighted: { services: backends.map((one) => ({ name: backendName(one), weight: 1 })) },
      },
      later: { middlewares: ["later"], loadBalancer: { servers: [] } },
    },
    middlewares: {
      ...Object.assign({}, ...sides.map((side) => side.middlewares)),
      ...Object.fromEntries(guards.filter(([, config]) => config !== undefined)),
      later: { headers: { customResponseHeaders: { "Retry-After": "5" } } },
      [`${prefix}-503`]: unavailable,
      [`${prefix}-retry`]: retryFor(isNew ? newRouteWaitMs(one) : longestSwitchMs(one)),
    },
    serversTransports: Object.fromEntries(sides.map(({ transport }) => transport)),
  };
}

/** A DNS lookup that hangs upstream must not delay a waiting request when the name appears. */
const shortDial = { dialTimeout: "300ms", idleConnTimeout: "1s" } as const;

/** No connection is kept for the next request: it would lead to a release whose name has been taken away, because it goes. */
const ownConnections = { maxIdleConnsPerHost: -1 } as const;

/** The transport to a release, and its name. The time for an answer counts from the moment at which the release has the request. */
function waitTransport({ spec }: Release): readonly [string, ServersTransportConfig] {
  const ms = spec.answerTimeoutMs;
  if (ms === undefined) return ["wait", { ...ownConnections, forwardingTimeouts: shortDial }];
  const forwardingTimeouts = { ...shortDial, responseHeaderTimeout: `${ms}ms` };
  return [`wait-${ms}ms`, { ...ownConnections, forwardingTimeouts }];
}

interface Side {
  readonly suffix: "next" | "back";
  readonly url: string;
  readonly release: Release;
  readonly plan: RoutePlan;
  readonly transport: readonly [string, ServersTransportConfig];
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
}

/** Undefined when the release does not have this route: it must not answer there. */
function sideOf(
  { plan: wanted, routingOf }: Wait,
  release: Release,
  nameOf: typeof nextName,
): Side | undefined {
  const { routers, middlewares } = routingOf(release);
  const plan = routers
    .filter((one) => answersFor(one, wanted))
    .toSorted((a, b) => b.config.priority - a.config.priority)[0];
  if (plan === undefined || release.port === undefined) return undefined;
  // The dot at the end prevents lookups in the server's search domains.
  const scheme = release.spec.protocol;
  const url = `${scheme}://${nameOf(release.instance, release.spec.slug)}.:${release.port}`;
  const suffix = nameOf === nextName ? "next" : "back";
  return { suffix, url, release, plan, transport: waitTransport(release), middlewares };
}

/** A redirect of all releases needs no server. A new route's redirect is temporary, so that no client keeps it. */
function redirectOf({ one, isNew }: Wait, sides: readonly Side[]): Waiting | undefined {
  const answers = sides.at(-1);
  if (answers === undefined || !sides.every(({ plan }) => plan.redirects)) return undefined;
  const names = answers.plan.config.middlewares ?? [];
  const redirect = names.flatMap((name) => answers.middlewares[name] ?? []).at(-1);
  if (!isNew || redirect === undefined) return withoutServer(names, answers.middlewares);
  const isScheme = "redirectScheme" in redirect;
  const name = isScheme ? `${one.to.spec.slug}-new-https` : `new-${answers.plan.name}`;
  return withoutServer([name], { [name]: forNow(redirect) });
}

const withoutServer = (names: readonly string[], middlewares: Side["middlewares"]): Waiting => ({
  target: { service: emptyService, middlewares: names },
  services: {},
  middlewares,
});

const unavailable: MiddlewareConfig = {
  errors: {
    status: ["502", "504"],
    statusRewrites: { "502": 503, "504": 503 },
    service: "later",
    query: "/",
  },
};

const retryFor = (ms: number): MiddlewareConfig => ({
  retry: {
    // More attempts than fit into the time, because the interval doubles: the timeout ends the retry.
    attempts: Math.ceil(ms / intervalMs),
    initialInterval: `${intervalMs}ms`,
    timeout: `${ms}ms`,
  },
});

const startMs = ({ spec }: Release): number => spec.startTimeoutMs + spec.stopTimeoutMs;

const newRouteWaitMs = ({ to }: Switch): number => Math.min(newRouteMs, startMs(to));

/** Drain and stop of the old release, start of the new one, and the undo when it does not become ready or has to be drained itself. */
function longestSwitchMs({ to, from = to }: Switch): number {
  const drainMs = Math.max(drainTimeMs(from.spec, true), drainTimeMs(to.spec, true));
  return Math.min(startMs(to) + drainMs + startMs(from) + overheadMs, longestMs);
}
