import { UserError } from "../../core/errors.ts";
import type { InstanceConfig } from "../../core/server/instance.ts";
import type { Release } from "../../core/release/release.ts";
import {
  refusedRoutes,
  withOwnHost,
  type ServerNames,
} from "../../core/release/server-refusals.ts";
import type { RouteSpec, ServiceSpec } from "../../core/release/spec.ts";
import { isSameRoute } from "../../core/routing/routes.ts";
import { ownRoutes } from "../../core/routing/takeovers.ts";
import { claimingReleases } from "../../adapters/state/releases.ts";
import { slugOwner } from "../../adapters/state/services.ts";
import { usersOf } from "../../adapters/state/users.ts";
import { hasWildcards, manualNames } from "../certificates/server-facts.ts";
import type { JobParts } from "../jobs/job-kind.ts";
import type { DesiredRelease } from "./desired-release.ts";
import type { ServerValues } from "../../core/release/values.ts";
import { readValues } from "../../adapters/state/env.ts";
import { refuseVolumes } from "./volumes.ts";
import { command, hint } from "../../core/hints.ts";

/** The spec of a desired release as this server takes it now; throws UserError with the first thing that it refuses about it. */
export function admitHere(
  { state, config }: Pick<JobParts, "state" | "config">,
  { spec, env, secretFiles, source: { admission } }: DesiredRelease,
): ServiceSpec {
  const claiming = claimingReleases(state);
  const underWay = claiming.filter(({ state: is }) => is !== "live" && is !== "stopped");
  return admit(spec, {
    config,
    live: claiming.map(({ release }) => release),
    underWay: underWay.map(({ release }) => release.spec.service),
    slugOwner: slugOwner(state, spec.slug),
    certificates: admission.needsCertificates
      ? { wildcards: hasWildcards(config), own: manualNames(state) }
      : { wildcards: true },
    env,
    secretFiles,
    values: readValues(state, spec.service),
    ...(admission.needsCertificates && {
      users: usersOf(state, spec.service).map(({ name }) => name),
    }),
    takeFrom: admission.takeFrom,
  });
}

export interface ServerView {
  readonly config: Pick<InstanceConfig, "domain" | "owner" | "volumes">;
  /** Releases of all services that are live, or that a running job is about to make live. */
  readonly live: readonly Release[];
  /** Services that are being deployed. */
  readonly underWay?: readonly string[];
  /** Name of the service that owns the slug. */
  readonly slugOwner: string | undefined;
  /** For which wildcards https can be had. */
  readonly certificates?: Pick<ServerNames, "wildcards" | "own">;
  /** Variables set on the server for this service. */
  readonly env: Readonly<Record<string, string>>;
  /** Secrets of this service that its files can hold, by name. */
  readonly secretFiles: Readonly<Record<string, string>>;
  /** All that is set for this service now. */
  readonly values: ServerValues;
  /** Users with a password for this service; left out where a user without one is only locked out. */
  readonly users?: readonly string[];
  /** The service whose routes may be taken over; one that has none of them is no mistake, because a push that was repeated finds them taken. */
  readonly takeFrom?: string | undefined;
}

/** The spec with `auto` replaced, or the first thing that this server refuses about it, before anything is built. */
export function admit(spec: ServiceSpec, view: ServerView): ServiceSpec {
  refuseForeignSlug(spec, view);
  refuseRoutes(spec, view);
  const routes = spec.routes.map((route) => withOwnHost(route, view.config, spec.slug));
  for (const route of routes) refuseTakenRoute(route, spec, view);
  refuseMissingEnv(spec, view);
  refuseMissingSecrets(spec, view);
  refuseMissingPasswords(spec, view);
  refuseVolumes(spec, view);
  return { ...spec, routes };
}

function refuseForeignSlug(spec: ServiceSpec, { slugOwner }: ServerView): void {
  if (slugOwner === undefined || slugOwner === spec.service) return;
  throw new UserError(
    `service ${spec.service}: service "${slugOwner}" has the same Docker name, ${spec.slug}`,
    { code: "slug-taken", hint: "choose another mypaas.servicename" },
  );
}

function refuseRoutes(spec: ServiceSpec, { config, certificates }: ServerView): void {
  const [refusal] = refusedRoutes(spec.routes, { ...config, ...certificates }, spec.slug);
  if (refusal !== undefined) throw new UserError(refusal.message, refusal);
}

function refuseTakenRoute(route: RouteSpec, spec: ServiceSpec, view: ServerView): void {
  const owner = view.live.find(
    (other) =>
      other.spec.service !== spec.service &&
      ownRoutes(other).some((own) => isSameRoute(own, route)),
  );
  if (owner === undefined) return;
  const { service } = owner.spec;
  const place = `route ${route.host}${route.path}`;
  if (service !== view.takeFrom)
    throw new UserError(`${place}: already used by service "${service}"`, {
      code: "route-taken",
      hint: hint`choose another domain, or take it over: ${command(`push --take-from ${service}`)}`,
    });
  // Its next release may go live with the route, or fail and go back to one that has it.
  if (view.underWay?.includes(service) === true)
    throw new UserError(`${place}: service "${service}" is being deployed and may need it`, {
      code: "route-busy",
      hint: hint`push again when that has ended: ${command(`push --take-from ${service}`)}`,
    });
}

function refuseMissingEnv(spec: ServiceSpec, { env, values }: ServerView): void {
  const missing = spec.env
    .filter(({ name, value }) => value === undefined && !Object.hasOwn(env, name))
    .map(({ name }) => name);
  if (missing.length === 0) return;
  const secret = missing.find((name) => Object.hasOwn(values, name) && values[name]?.isSecret);
  if (secret !== undefined)
    throw new UserError(`env ${secret}: set as a secret, so it is no environment variable`, {
      code: "missing-env",
      hint: hint`write mypaas.secret = ${secret}, or run: ${command(`env ${spec.service} unset ${secret}`)}, then set it without --secret`,
    });
  const set = missing.map((name) => `${name}=…`).join(" ");
  throw new UserError(`env ${missing.join(", ")}: not set on the server`, {
    code: "missing-env",
    hint: hint`run: ${command(`env ${spec.service} set ${set}`)}`,
  });
}

function refuseMissingSecrets(spec: ServiceSpec, { secretFiles }: ServerView): void {
  const missing = spec.secrets.filter(({ name }) => !Object.hasOwn(secretFiles, name));
  const names = [...new Set(missing.map(({ name }) => name))];
  if (names.length === 0) return;
  const set = names.map((name) => `${name}=…`).join(" ");
  throw new UserError(`secret ${names.join(", ")}: not set on the server`, {
    code: "missing-secret",
    hint: hint`run: ${command(`env ${spec.service} set ${set} --secret`)}`,
  });
}

function refuseMissingPasswords({ service, auth }: ServiceSpec, { users }: ServerView): void {
  const missing = users && auth.find((user) => !users.includes(user));
  if (missing === undefined) return;
  throw new UserError(`auth ${missing}: has no password on the server`, {
    code: "missing-password",
    hint: hint`run: ${command(`auth ${service} set ${missing}`)}`,
  });
}
