import type { Release } from "../core/release/release.ts";
import { dockerRouterNames } from "../core/routing/labels.ts";
import { traefikServiceName } from "../core/release/names.ts";
import { releaseRouting } from "../core/routing/release-routing.ts";
import { replicaCount } from "../core/release/spec.ts";
import type { Expected } from "../core/routing/traefik-snapshot.ts";
import type { SwitchContext } from "./switch-context.ts";

type Told = Pick<SwitchContext, "release" | "server">;

const nothing: Expected = { routers: [], gone: [], servers: {} };

/** The holds stand above whatever the new containers bring. */
export const expectHeld = (context: Told): Expected => ({
  ...nothing,
  routers: holdRouters(context),
});

/** Every replica of the new release could answer if it were asked. */
export const expectStarted = (context: Told): Expected => ({
  ...nothing,
  routers: dockerRouterNames(context.release, context.server),
  servers: expectServers(context.release),
});

export const expectCutOver = (context: Told): Expected => ({
  ...expectStarted(context),
  gone: holdRouters(context),
});

/** The new containers are gone, so that nothing but the hold knows their routes. */
export const expectRemoved = (context: Told): Expected => ({
  ...nothing,
  gone: dockerRouterNames(context.release, context.server),
});

/** The same, and Traefik knows the old release again, so that the hold may go. */
export const expectBackBeforeHold = (context: Told, from: Release): Expected => ({
  routers: dockerRouterNames(from, context.server),
  gone: dockerRouterNames(context.release, context.server),
  servers: expectServers(from),
});

/** The containers of a release that was replaced are gone for Traefik too. */
export const expectForgotten = (from: Release, server: Told["server"]): Expected => ({
  ...nothing,
  gone: dockerRouterNames(from, server),
});

/** The old release answers again as if nothing had been. */
export const expectBack = (context: Told, from: Release): Expected => ({
  routers: dockerRouterNames(from, context.server),
  gone: holdRouters(context),
  servers: expectServers(from),
});

const holdRouters = ({ release, server }: Told): readonly string[] =>
  releaseRouting(release, server).routers.map(({ name }) => `hold-${name}@file`);

function expectServers({ spec, number }: Release): Readonly<Record<string, number>> {
  return spec.routes.length === 0
    ? {}
    : { [`${traefikServiceName(spec.slug, number)}@docker`]: replicaCount(spec.scale) };
}
