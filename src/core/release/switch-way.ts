import type { Release } from "./release.ts";
import { drainTimeMs, stopsOldFirst, writePublish, writeScale, type RouteSpec } from "./spec.ts";
import { ownRoutes } from "../routing/takeovers.ts";

/** How a service switches from one release to the next, decided before the switch begins. */
export interface SwitchWay {
  /** The old release stops before the new one starts. */
  readonly oldFirst: boolean;
  /** One of the two releases has routes, so Traefik takes part. */
  readonly isRouted: boolean;
  /** During the switch no release serves some route, so its requests wait for the first release that is ready. */
  readonly someWait: boolean;
}

/** Decides how the switch goes. */
export function switchWay(from: Release | undefined, to: Release): SwitchWay {
  const oldFirst = from !== undefined && stopsOldFirst(to.spec);
  const served = new Set(oldFirst ? [] : from && ownRoutes(from).map(routeKey));
  return {
    oldFirst,
    isRouted: to.spec.routes.length + (from?.spec.routes.length ?? 0) > 0,
    someWait: to.spec.routes.some((route) => !served.has(routeKey(route))),
  };
}

const routeKey = (route: RouteSpec): string => `${route.host}${route.path} ${route.https}`;

/**
 * What clients of the live release notice of a switch. `wait`: their requests are answered later; `stop`: a service without routes
 * does not run for a while. `because` is the key that causes it, as in the Dockerfile; `drainMs` is the longest time that open requests have to end.
 */
export type Pause =
  | { readonly kind: "none" }
  | { readonly kind: "wait" | "stop"; readonly because: string; readonly drainMs: number };

/** The pause that the switch causes, from the same decision as the switch itself. A first release causes none. */
export function pauseOf(from: Release | undefined, to: Release): Pause {
  const { oldFirst, isRouted } = switchWay(from, to);
  if (from === undefined || !oldFirst) return { kind: "none" };
  const { scale, publish } = to.spec;
  const because =
    scale.kind === "roll"
      ? `publish = ${publish.map(writePublish).join(", ")}`
      : `scale = ${writeScale(scale)}`;
  const drainMs = from.spec.routes.length === 0 ? 0 : drainTimeMs(from.spec, true);
  return { kind: isRouted ? "wait" : "stop", because, drainMs };
}
