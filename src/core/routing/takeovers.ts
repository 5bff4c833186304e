import type { Release } from "../release/release.ts";
import type { RouteSpec } from "../release/spec.ts";
import type { RoutingState, Switch, Takeover } from "./routing-state.ts";
import { releaseTag } from "./release-routing.ts";
import { isSameRoute } from "./routes.ts";

/** The routes of a live release, without those that another service has taken over. */
export const ownRoutes = ({ spec, yielded = [] }: Release): readonly RouteSpec[] =>
  spec.routes.filter((route) => !yielded.some((taken) => isSameRoute(taken, route)));

/** Takeovers that are stored with the releases, for a worker that starts. */
export const storedTakeovers = (live: readonly Release[]): readonly Takeover[] =>
  live.flatMap((release) => (release.yielded ?? []).map((route) => takeoverOf(release, route, "")));

/** True when another service has taken over that route of the release. */
export const isTakenOver = (
  { takeovers = [] }: Pick<RoutingState, "takeovers">,
  { spec, number }: Release,
  route: Pick<RouteSpec, "host" | "path">,
): boolean =>
  takeovers.some(
    (one) => one.service === spec.service && one.release === number && isSameRoute(one, route),
  );

/** The state in which `to` has taken over all its routes from other services. */
export function takeOver(state: RoutingState, to: Release): RoutingState {
  const others = knownReleases(state).filter(({ spec }) => spec.service !== to.spec.service);
  const taken = others.flatMap((release) =>
    release.spec.routes
      .filter((route) => to.spec.routes.some((wanted) => isSameRoute(wanted, route)))
      .filter((route) => !isTakenOver(state, release, route))
      .map((route) => takeoverOf(release, route, releaseTag(to))),
  );
  return { ...state, takeovers: [...(state.takeovers ?? []), ...taken] };
}

/** The state without the takeovers of `to`. */
export const undoTakeovers = (state: RoutingState, to: Release): RoutingState => ({
  ...state,
  takeovers: (state.takeovers ?? []).filter(({ by }) => by !== releaseTag(to)),
});

/** Removes takeovers from releases without containers. */
export function forgetOldTakeovers(state: RoutingState): RoutingState {
  const known = new Set(knownReleases(state).map(releaseTag));
  const takeovers = (state.takeovers ?? []).filter(({ service, release }) =>
    known.has(`${service}/${release}`),
  );
  return { ...state, takeovers };
}

/** Every release that may have containers, once. */
export function knownReleases({ live, switches }: RoutingState): readonly Release[] {
  const sides = ({ from, to }: Switch): readonly Release[] =>
    from === undefined ? [to] : [from, to];
  const all = [...live, ...switches.flatMap(sides)];
  return [...new Map(all.map((release) => [releaseTag(release), release])).values()];
}

function takeoverOf({ spec, number }: Release, route: RouteSpec, by: string): Takeover {
  return { service: spec.service, release: number, host: route.host, path: route.path, by };
}
