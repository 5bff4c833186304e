import type { RoutingState } from "./routing-state.ts";
import { coversHost } from "./routes.ts";
import { knownReleases } from "./takeovers.ts";

/** Where browsers are told to use nothing but https: not where anything of that host is served over http alone, nor beside another port than 443, which they would keep (RFC 6797, 8.3). */
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
