import type { Release } from "../core/release/release.ts";
import { dockerRouterNames } from "../core/routing/labels.ts";
import { balancersOf } from "../core/routing/balancers.ts";
import { releaseRouting } from "../core/routing/release-routing.ts";
import { replicaCount } from "../core/release/spec.ts";
import type { Expected } from "../core/routing/traefik-snapshot.ts";
import type { SwitchContext } from "./switch-context.ts";

type Place = Pick<SwitchContext, "release" | "server">;

const nothing: Expected = { routers: [], gone: [], servers: {} };

/** The holds outrank the routers of the new replicas. */
export const expectHeld = (context: Place): Expected => ({
  ...nothing,
  routers: holdRouters(context),
});

/** Traefik has read at least one of the new replicas. */
export const expectKnown = (context: Place): Expected => ({
  ...nothing,
  routers: dockerRouterNames(context.release, context.server),
});

/** Every replica of the new release could answer if it got a request. */
export const expectStarted = (context: Place): Expected => ({
  ...nothing,
  routers: dockerRouterNames(context.release, context.server),
  servers: expectServers(context.release, context.server),
});

export const expectCutOver = (context: Place): Expected => ({
  ...expectStarted(context),
  gone: holdRouters(context),
});

/** The new replicas are gone, so that only the hold knows their routes. */
export const expectRemoved = (context: Place): Expected => ({
  ...nothing,
  gone: dockerRouterNames(context.release, context.server),
});

/** The same, and Traefik knows the old release again, so that the hold may end. */
export const expectBackBeforeHold = (context: Place, from: Release): Expected => ({
  routers: dockerRouterNames(from, context.server),
  gone: dockerRouterNames(context.release, context.server),
  servers: expectServers(from, context.server),
});

/** Traefik knows no replica of the replaced release any more. */
export const expectForgotten = (from: Release, server: Place["server"]): Expected => ({
  ...nothing,
  gone: dockerRouterNames(from, server),
});

/** The old release answers again as before the switch. */
export const expectBack = (context: Place, from: Release): Expected => ({
  routers: dockerRouterNames(from, context.server),
  gone: holdRouters(context),
  servers: expectServers(from, context.server),
});

const holdRouters = ({ release, server }: Place): readonly string[] =>
  releaseRouting(release, server).routers.map(({ name }) => `hold-${name}@file`);

function expectServers(
  release: Release,
  server: Place["server"],
): Readonly<Record<string, number>> {
  const count = replicaCount(release.spec.scale);
  const names = Object.keys(balancersOf(release, releaseRouting(release, server).routers));
  return Object.fromEntries(names.map((name) => [`${name}@docker`, count]));
}
