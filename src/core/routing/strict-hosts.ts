import type { RoutingState } from "./routing-state.ts";
import { coversHost } from "./routes.ts";
import { knownReleases } from "./takeovers.ts";

/** Hosts with HSTS. Not hosts with an http route, and not beside another port than 443, which browsers would keep (RFC 6797, 8.3). */
export function strictHosts(state: RoutingState): readonly string[] {
  const { secured = [], httpsPort } = state.server;
  if (httpsPort !== 443) return [];
  const plain = [...knownReleases(state), ...(state.stopped ?? [])]
    .flatMap(({ spec }) => spec.routes)
    .filter(({ https }) => !https);
  return secured.filter(
    (host) => !plain.some((one) => coversHost(one.host, host) || coversHost(host, one.host)),
  );
}
