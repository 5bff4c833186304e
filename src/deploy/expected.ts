import type { Release } from "../core/release/release.ts";
import { dockerRouterNames } from "../core/routing/labels.ts";
import { traefikServiceName } from "../core/release/names.ts";
import { releaseRouting } from "../core/routing/release-routing.ts";
import { replicaCount } from "../core/release/spec.ts";
import type { Expected } from "../core/routing/traefik-snapshot.ts";
import type { Story } from "./story.ts";

type Told = Pick<Story, "release" | "server">;

const nothing: Expected = { routers: [], gone: [], servers: {} };

/** The holds stand above whatever the new containers bring. */
export const expectHeld = (story: Told): Expected => ({ ...nothing, routers: holdRouters(story) });

/** Every replica of the new release could answer if it were asked. */
export const expectStarted = (story: Told): Expected => ({
  ...nothing,
  routers: dockerRouterNames(story.release, story.server),
  servers: expectServers(story.release),
});

export const expectCutOver = (story: Told): Expected => ({
  ...expectStarted(story),
  gone: holdRouters(story),
});

/** The new containers are gone, so that nothing but the hold knows their routes. */
export const expectRemoved = (story: Told): Expected => ({
  ...nothing,
  gone: dockerRouterNames(story.release, story.server),
});

/** The same, and Traefik knows the old release again, so that the hold may go. */
export const expectBackBeforeHold = (story: Told, from: Release): Expected => ({
  routers: dockerRouterNames(from, story.server),
  gone: dockerRouterNames(story.release, story.server),
  servers: expectServers(from),
});

/** The containers of a release that was replaced are gone for Traefik too. */
export const expectForgotten = (from: Release, server: Told["server"]): Expected => ({
  ...nothing,
  gone: dockerRouterNames(from, server),
});

/** The old release answers again as if nothing had been. */
export const expectBack = (story: Told, from: Release): Expected => ({
  routers: dockerRouterNames(from, story.server),
  gone: holdRouters(story),
  servers: expectServers(from),
});

const holdRouters = ({ release, server }: Told): readonly string[] =>
  releaseRouting(release, server).routers.map(({ name }) => `hold-${name}@file`);

function expectServers({ spec, number }: Release): Readonly<Record<string, number>> {
  return spec.routes.length === 0
    ? {}
    : { [`${traefikServiceName(spec.slug, number)}@docker`]: replicaCount(spec.scale) };
}
