import type { Release } from "./release.ts";
import type { RouteSpec } from "./spec.ts";
import { ownRoutes } from "../routing/takeovers.ts";
import { drainTimeMs, stopsOldFirst } from "./spec.ts";
import { writePublish, writeScale } from "./format-spec.ts";

/** How a service goes from one release to the next, decided before anything is done. */
export interface SwitchWay {
  /** The old release stops before the new one starts. */
  readonly oldFirst: boolean;
  /** Traefik has anything to do with it. */
  readonly isRouted: boolean;
  /** Nobody serves some route meanwhile, so its requests wait for the name of whoever is ready first. */
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
 * What clients that are served now notice of a switch. `wait`: their requests are answered later; `stop`: a service without routes is not there for
 * a while. `because` is the key that asks for it, as in the Dockerfile; `drainMs` the longest time that open requests get first.
 */
export type Pause =
  | { readonly kind: "none" }
  | { readonly kind: "wait" | "stop"; readonly because: string; readonly drainMs: number };

/** Which pause the switch means, by the decision that the switch itself goes by. A first release pauses nobody. */
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
