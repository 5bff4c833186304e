import type { RoutePlan, RoutingServer } from "./release-routing.ts";
import type { Release } from "../release/release.ts";
import type { Switch } from "./routing-state.ts";
import type { HttpConfig, MiddlewareConfig, ServersTransportConfig } from "./traefik-config.ts";
import { backName, nextName } from "../release/names.ts";
import { releaseRouting } from "./release-routing.ts";
import { covers } from "./routes.ts";
import { drainTimeMs } from "../release/spec.ts";

/** A place where requests wait, as parts of the dynamic file. */
export interface Waiting extends Omit<HttpConfig, "routers"> {
  readonly target: { readonly service: string; readonly middlewares: readonly string[] };
}

/** The service without servers: Traefik answers 503 for it. */
export const nobody = "nobody";

const intervalMs = 200;
/** Traefik's retry ends after 15 minutes whatever it is told. */
const longestMs = 14 * 60_000;

/**
 * Requests to `place` wait for whichever release of the switch appears first under a name that nobody has yet: they keep the
 * handler chain they began with, so only a name can reach them. After the longest time that a switch may take they get 503.
 */
export function waitFor(one: Switch, place: RoutePlan, server: RoutingServer): Waiting {
  const { to, from } = one;
  const sides = [
    sideOf(`wait-${place.name}-next`, to, { place, server, nameOf: nextName }),
    from && sideOf(`wait-${place.name}-back`, from, { place, server, nameOf: backName }),
  ].filter((side) => side !== undefined);
  const middlewares = Object.assign({}, ...sides.map((side) => side.middlewares));
  const redirect = sides[0]?.redirect;
  // Nobody has to be there for a redirect on which both releases agree.
  if (redirect !== undefined && sides.every((side) => side.redirect !== undefined))
    return { target: { service: nobody, middlewares: redirect }, services: {}, middlewares };

  const service = `wait-${place.name}`;
  const patience = `${to.spec.slug}-wait`;
  return {
    target: { service, middlewares: [`${patience}-503`, `${patience}-retry`] },
    services: {
      ...Object.fromEntries(
        sides.map(({ name, chain, url }) => [
          name,
          { middlewares: chain, loadBalancer: { servers: [{ url }], serversTransport: "wait" } },
        ]),
      ),
      [service]: { weighted: { services: sides.map(({ name }) => ({ name, weight: 1 })) } },
      later: { middlewares: ["later"], loadBalancer: { servers: [] } },
    },
    middlewares: {
      ...middlewares,
      later: { headers: { customResponseHeaders: { "Retry-After": "5" } } },
      [`${patience}-503`]: unavailable,
      [`${patience}-retry`]: retryFor(longestSwitchMs(one)),
    },
    serversTransports: { wait: impatient },
  };
}

/** A look-up that hangs in a DNS server upstream must not cost a waiting request the time in which the name appears. */
const impatient: ServersTransportConfig = {
  forwardingTimeouts: { dialTimeout: "300ms", idleConnTimeout: "1s" },
};

interface Side {
  readonly name: string;
  readonly url: string;
  readonly chain: readonly string[];
  readonly redirect: readonly string[] | undefined;
  readonly middlewares: Readonly<Record<string, MiddlewareConfig>>;
}

function sideOf(
  name: string,
  release: Release,
  at: {
    readonly place: RoutePlan;
    readonly server: RoutingServer;
    readonly nameOf: (instance: string, slug: string) => string;
  },
): Side | undefined {
  if (release.port === undefined) return undefined;
  const { routers, middlewares } = releaseRouting(release, at.server);
  const plan = routers
    .filter((one) => one.entryPoint === at.place.entryPoint && covers(one.route, at.place.route))
    .toSorted((a, b) => b.config.priority - a.config.priority)[0];
  const host = at.nameOf(release.instance, release.spec.slug);
  return {
    name,
    // The dot at the end keeps the resolver from trying the server's search domains.
    url: `http://${host}.:${release.port}`,
    chain: plan?.shape ?? [],
    redirect: plan?.redirects === true ? (plan.config.middlewares ?? []) : undefined,
    middlewares,
  };
}

const unavailable: MiddlewareConfig = {
  errors: {
    status: ["502", "504"],
    statusRewrites: { "502": 503, "504": 503 },
    service: "later",
    query: "/",
  },
};

function retryFor(ms: number): MiddlewareConfig {
  return {
    retry: {
      // More than fit into the time, because the interval doubles along the attempts: the timeout ends it.
      attempts: Math.ceil(ms / intervalMs),
      initialInterval: `${intervalMs}ms`,
      timeout: `${ms}ms`,
    },
  };
}

/** Drain and stop of the old release, start of the new one, and the way back when it does not become ready. */
function longestSwitchMs({ to, from }: Switch): number {
  const there = to.spec.startTimeoutMs + to.spec.stopTimeoutMs;
  if (from === undefined) return Math.min(there, longestMs);
  const { spec } = from;
  const old = drainTimeMs(spec, true) + spec.stopTimeoutMs + spec.startTimeoutMs;
  return Math.min(there + old, longestMs);
}
