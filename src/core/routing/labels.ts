import { createHash } from "node:crypto";
import { grpcHealthPath } from "../health/grpc-health.ts";
import { digestText } from "../dockerfile/keys/table.ts";
import type { Release } from "../release/release.ts";
import { balancersOf } from "./balancers.ts";
import { isBeside, releaseRouting, type RoutePlan, type RoutingServer } from "./release-routing.ts";
import type { ServiceSpec } from "../release/spec.ts";
import { label, networkName } from "../release/names.ts";

/** The labels with which Traefik routes to a release. They must be equal on all replicas, or Traefik drops them. */
export function traefikLabels(release: Release, server: RoutingServer): Record<string, string> {
  const routing = releaseRouting(release, server);
  const routers = routing.routers.filter(inLabels);
  const used = new Set(
    routers.flatMap(({ shape, config }) => [...shape, ...(config.middlewares ?? [])]),
  );
  const middlewares = Object.fromEntries(
    Object.entries(routing.middlewares).filter(([name]) => used.has(name)),
  );
  if (routers.length === 0 || release.port === undefined) return { "traefik.enable": "false" };
  return {
    "traefik.enable": "true",
    "traefik.docker.network": networkName(release.instance),
    ...flatten("traefik.http", {
      routers: Object.fromEntries(routers.map(({ name, config }) => [name, config])),
      middlewares,
      services: Object.fromEntries(
        Object.entries(balancersOf(release, routers)).map(([name, balancer]) => [
          name,
          { loadBalancer: { ...balancer, ...healthLabels(release.spec) } },
        ]),
      ),
    }),
  };
}

/** The labels that mark a replica as one of mypaas; names do not count. */
export const ownLabels = (release: Release, replica: number): Record<string, string> => ({
  [label.instance]: release.instance,
  [label.role]: "service",
  [label.service]: release.spec.service,
  [label.release]: String(release.number),
  [label.replica]: String(replica),
  // A digest, because everyone who may list containers can read labels, and a spec holds environment values.
  [label.spec]: createHash("sha256").update(digestText(release.spec)).digest("hex"),
});

/** Labels of an image that Traefik would read too, whatever their case: routes that mypaas has not checked. */
export const routingLabels = (keys: readonly string[]): readonly string[] =>
  keys.filter((key) => /^traefik\./i.test(key));

/** Names of a release's routers in Traefik's API. */
export const dockerRouterNames = (release: Release, server: RoutingServer): readonly string[] =>
  releaseRouting(release, server)
    .routers.filter(inLabels)
    .map(({ name }) => `${name}@docker`);

/** Labels must not depend on what `init` changes: a container keeps them. */
const inLabels = (plan: RoutePlan): boolean => !isBeside(plan);

/** The Host header of health checks: the first domain, with `www` for a wildcard. */
export const healthHost = (spec: ServiceSpec): string | undefined =>
  spec.routes[0]?.host.replace(/^\*\./, "www.");

function healthLabels(spec: ServiceSpec): object {
  const { healthcheck, protocol } = spec;
  if (healthcheck === undefined) return {};
  const { path, intervalMs, timeoutMs } = healthcheck;
  return {
    healthCheck: {
      path,
      hostname: healthHost(spec),
      interval: `${intervalMs}ms`,
      // A replica that Traefik checked while it booted must not stay out for a whole interval.
      unhealthyInterval: `${Math.min(intervalMs, 250)}ms`,
      timeout: `${timeoutMs}ms`,
      followRedirects: false,
      ...(protocol === "h2c" && path === grpcHealthPath && { mode: "grpc" }),
    },
  };
}

function flatten(key: string, value: unknown): Record<string, string> {
  if (Array.isArray(value)) return { [key]: value.join(",") };
  if (typeof value !== "object" || value === null) return { [key]: String(value) };
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  if (entries.length === 0) return { [key]: "true" };
  const parts = entries.map(([name, inner]) => flatten(`${key}.${name}`, inner));
  return Object.assign({}, ...parts);
}
