import type { Release } from "../release/release.ts";
import { ownRoutes } from "../routing/takeovers.ts";
import { coversHost } from "./manual-certificate.ts";

/** A host that wants https. */
export interface WantedHost {
  readonly host: string;
  /** Who answers there, by name; empty for the server's own name. */
  readonly services: readonly string[];
}

/** Every host that wants a certificate, by name: those of https routes, and the server's own where there is one. */
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

/** The wildcard among these whose certificate serves `host` as well; Traefik asks for none of its own then. */
export function wildcardFor(host: string, all: readonly WantedHost[]): string | undefined {
  return all.find(
    (one) => one.host.startsWith("*.") && one.host !== host && coversHost([one.host], host),
  )?.host;
}

/** The name to ask a server by: a wildcard is no name, so one below it that nobody else is likely to have. */
export const nameInWildcard = (host: string): string => host.replace(/^\*\./, "mypaas-asks.");
