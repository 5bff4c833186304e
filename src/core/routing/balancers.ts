import { traefikServiceName } from "../release/names.ts";
import type { Release } from "../release/release.ts";
import type { RoutePlan } from "./release-routing.ts";
import type { EntryPoint, ServersTransportConfig, StickyCookie } from "./traefik-config.ts";

/** A load balancer of Traefik over the replicas of a release, as labels describe it. */
export interface Balancer {
  readonly server: { readonly port: number; readonly scheme?: "h2c" };
  readonly sticky?: { readonly cookie: StickyCookie };
  /** Labels can only name a transport; the dynamic file has it. */
  readonly serversTransport?: string;
}

/** The load balancer behind an entry point. `Secure` of a cookie is fixed for each load balancer, so a sticky release has one more for https. */
export const balancerAt = (entryPoint: EntryPoint, { spec }: Release, service: string): string =>
  spec.sticky.kind !== "off" && entryPoint === "websecure" ? `${service}-secure` : service;

/** The name of a transport says all that is in it, so a changed timeout is another transport, and every release keeps its own. */
const answerTransport = (ms: number): string => `answer-${ms}ms`;

/** The timeouts of all services, the same as in `traefik/traefik.yml`. */
const commonTimeouts = { dialTimeout: "2s", idleConnTimeout: "250ms" } as const;

/** The transports that the labels of these releases name. */
export function transportsOf(
  releases: readonly Release[],
): Readonly<Record<string, ServersTransportConfig>> {
  const times = new Set(releases.flatMap(({ spec }) => spec.answerTimeoutMs ?? []));
  const transport = (ms: number): ServersTransportConfig => ({
    forwardingTimeouts: { ...commonTimeouts, responseHeaderTimeout: `${ms}ms` },
  });
  return Object.fromEntries([...times].map((ms) => [answerTransport(ms), transport(ms)]));
}

/** The load balancers that these routers of a release lead to, by name. */
export function balancersOf(
  release: Release,
  routers: readonly RoutePlan[],
): Readonly<Record<string, Balancer>> {
  const service = traefikServiceName(release.spec.slug, release.number);
  const names = new Set(routers.map(({ config }) => config.service));
  return Object.fromEntries([...names].map((name) => [name, balancer(release, name !== service)]));
}

function balancer({ port = 0, spec }: Release, isSecure: boolean): Balancer {
  const { sticky, slug, protocol } = spec;
  const server = protocol === "http" ? { port } : { port, scheme: protocol };
  const ms = spec.answerTimeoutMs;
  const transport = ms === undefined ? {} : { serversTransport: `${answerTransport(ms)}@file` };
  if (sticky.kind === "off") return { server, ...transport };
  const name = sticky.kind === "named" ? sticky.cookie : cookieName(slug, isSecure);
  return {
    server,
    ...transport,
    sticky: { cookie: { name, httpOnly: true, sameSite: "lax", secure: isSecure } },
  };
}

/** One for each service, not each release. Browsers let http neither read nor replace a cookie of https, and no other host plant one with `__Host-` (RFC 6265bis, 4.1.3). */
const cookieName = (slug: string, isSecure: boolean): string =>
  `${isSecure ? "__Host-" : ""}mypaas-${slug}`;
