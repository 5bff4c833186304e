import type { Release } from "../release/release.ts";
import { ownRoutes } from "../routing/takeovers.ts";
import { coversHost } from "./manual-certificate.ts";

/** A host that wants https. */
export interface WantedHost {
  readonly host: string;
  /** Services with an https route there; empty for the server's own name. */
  readonly services: readonly string[];
}

/** All hosts that want a certificate, sorted: those of https routes, and the server's own domain. */
export function wantedHosts(
  live: readonly Release[],
  domain: string | undefined,
): readonly WantedHost[] {
  const found = new Map<string, Set<string>>(domain === undefined ? [] : [[domain, new Set()]]);
  for (const release of live)
    for (const { host, https } of ownRoutes(release))
      if (https) found.set(host, (found.get(host) ?? new Set()).add(release.spec.service));
  return [...found]
    .map(([host, services]) => ({ host, services: [...services].toSorted() }))
    .toSorted((a, b) => (a.host < b.host ? -1 : 1));
}

/** The wildcard whose certificate covers `host` too; Traefik requests no other one then. */
export const wildcardFor = (host: string, all: readonly WantedHost[]): string | undefined =>
  all.find((one) => one.host.startsWith("*.") && one.host !== host && coversHost([one.host], host))
    ?.host;

/** A name for a handshake: for a wildcard, a name in it that no other service is likely to have. */
export const nameInWildcard = (host: string): string => host.replace(/^\*\./, "mypaas-asks.");
