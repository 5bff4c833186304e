import type { Release } from "../release/release.ts";
import { switchRouters } from "./metrics.ts";
import type { RoutingState } from "./routing-state.ts";
import { knownReleases } from "./takeovers.ts";

const mostNames = 20_000;

/** Tells of which service a router is that Traefik counts, also of one that has just gone; undefined for those of the server itself. */
export function routerOwners(stateOf: () => RoutingState): (router: string) => string | undefined {
  let names = new Map<string, string>();
  let seen = new WeakSet<Release>();
  let server: RoutingState["server"] | undefined;
  let last: RoutingState | undefined;
  const learn = (): void => {
    const state = stateOf();
    if (state === last) return;
    last = state;
    if (names.size > mostNames) names = new Map();
    // What the server knows of certificates decides which routers a release has.
    if (names.size === 0 || state.server !== server) seen = new WeakSet();
    server = state.server;
    for (const release of knownReleases(state)) {
      if (seen.has(release)) continue;
      seen.add(release);
      const { own, holds } = switchRouters({ from: undefined, to: release }, state.server);
      for (const name of [...own, ...holds]) names.set(name, release.spec.service);
    }
  };
  return (router) => {
    learn();
    return names.get(router);
  };
}
