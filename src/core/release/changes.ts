import { writeDuration } from "../dockerfile/durations.ts";
import { ownRoutes } from "../routing/takeovers.ts";
import type { Release } from "./release.ts";
import type { RouteSpec } from "./spec.ts";
import {
  writeHealthcheck,
  writeMemory,
  writePublish,
  writeRoute,
  writeScale,
  writeVolume,
} from "./format-spec.ts";

/** One thing in which a release differs from the one before it. Texts are written as in the Dockerfile; values of variables never appear. */
export type Change =
  | { readonly kind: "image"; readonly from?: string; readonly to: string }
  | { readonly kind: "route"; readonly how: "added" | "removed"; readonly route: string }
  /** The same host and path, over https instead of http or the other way round. */
  | {
      readonly kind: "route";
      readonly how: "changed";
      readonly from: string;
      readonly route: string;
    }
  /** A host that needs a certificate and needed none before. */
  | { readonly kind: "certificate"; readonly host: string }
  | NameChange<"env">
  | NameChange<"build-arg">
  | ValueChange<"volume">
  | ValueChange<"publish">
  /** `key` as in the Dockerfile; without `from` it was not set before, without `to` it is not any more. */
  | {
      readonly kind: "setting";
      readonly key: string;
      readonly from?: string;
      readonly to?: string;
    };

export interface NameChange<Kind extends "env" | "build-arg"> {
  readonly kind: Kind;
  readonly how: How;
  readonly name: string;
}

export interface ValueChange<Kind extends "volume" | "publish"> {
  readonly kind: Kind;
  readonly how: "added" | "removed";
  readonly value: string;
}

export type How = "added" | "removed" | "changed";

/** Everything that a switch to `to` changes, in the order in which a person asks; empty where nothing does but the number. */
export function changesBetween(from: Release | undefined, to: Release): readonly Change[] {
  return [
    ...imageChange(from, to),
    ...routeChanges(from === undefined ? [] : ownRoutes(from), to.spec.routes),
    ...certificates(from?.spec.routes ?? [], to.spec.routes),
    ...named("env", environment(from), environment(to)),
    ...listed("volume", from?.spec.volumes.map(writeVolume), to.spec.volumes.map(writeVolume)),
    ...listed("publish", from?.spec.publish.map(writePublish), to.spec.publish.map(writePublish)),
    ...settingChanges(from, to),
    ...named("build-arg", buildArgs(from), buildArgs(to)),
  ];
}

function imageChange(from: Release | undefined, to: Release): readonly Change[] {
  if (from === undefined) return [{ kind: "image", to: to.image }];
  return from.image === to.image ? [] : [{ kind: "image", from: from.image, to: to.image }];
}

function routeChanges(from: readonly RouteSpec[], to: readonly RouteSpec[]): readonly Change[] {
  const gone = from.filter((route) => !isIn(to, route));
  const added = to.filter((route) => !isIn(from, route));
  const otherWay = (route: RouteSpec): RouteSpec => ({ ...route, https: !route.https });
  return [
    ...added.map((route): Change => {
      const before = otherWay(route);
      return isIn(gone, before)
        ? { kind: "route", how: "changed", from: writeRoute(before), route: writeRoute(route) }
        : { kind: "route", how: "added", route: writeRoute(route) };
    }),
    ...gone
      .filter((route) => !isIn(added, otherWay(route)))
      .map((route): Change => ({ kind: "route", how: "removed", route: writeRoute(route) })),
  ];
}

const isIn = (routes: readonly RouteSpec[], route: RouteSpec): boolean =>
  routes.some((one) => writeRoute(one) === writeRoute(route));

function certificates(from: readonly RouteSpec[], to: readonly RouteSpec[]): readonly Change[] {
  const hosts = (routes: readonly RouteSpec[]): ReadonlySet<string> =>
    new Set(routes.filter(({ https }) => https).map(({ host }) => host));
  const known = hosts(from);
  return [...hosts(to)]
    .filter((host) => !known.has(host))
    .map((host) => ({ kind: "certificate", host }));
}

type Values = ReadonlyMap<string, string>;

/** What the containers get, but for what is ours in each release. */
function environment(release: Release | undefined): Values {
  const port = release?.port === undefined ? undefined : String(release.port);
  return new Map(
    Object.entries(release?.env ?? {}).filter(
      ([name, value]) => !name.startsWith("MYPAAS_") && !(name === "PORT" && value === port),
    ),
  );
}

const buildArgs = (release: Release | undefined): Values =>
  new Map(release?.spec.buildArgs.map(({ name, value }) => [name, value]));

function named<Kind extends "env" | "build-arg">(
  kind: Kind,
  from: Values,
  to: Values,
): readonly NameChange<Kind>[] {
  const how = (name: string): How | undefined => {
    if (!from.has(name)) return "added";
    if (!to.has(name)) return "removed";
    return from.get(name) === to.get(name) ? undefined : "changed";
  };
  return [...new Set([...to.keys(), ...from.keys()])].toSorted().flatMap((name) => {
    const changed = how(name);
    return changed === undefined ? [] : [{ kind, how: changed, name }];
  });
}

function listed<Kind extends "volume" | "publish">(
  kind: Kind,
  from: readonly string[] = [],
  to: readonly string[],
): readonly ValueChange<Kind>[] {
  const only = (these: readonly string[], those: readonly string[], how: "added" | "removed") =>
    these.filter((one) => !those.includes(one)).map((value) => ({ kind, how, value }));
  return [...only(to, from, "added"), ...only(from, to, "removed")];
}

function settingChanges(from: Release | undefined, to: Release): readonly Change[] {
  const before = from === undefined ? new Map<string, string>() : settings(from);
  const after = settings(to);
  // Of a first release only what somebody has chosen.
  const keys = [...new Set([...after.keys(), ...before.keys()])].filter(
    (key) => from !== undefined || !usual.includes(key),
  );
  return keys.flatMap((key): Change[] => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was === is) return [];
    const sides = { ...(was !== undefined && { from: was }), ...(is !== undefined && { to: is }) };
    return [{ kind: "setting", key, ...sides }];
  });
}

/** Keys that every release has a value for. */
const usual = ["start-timeout", "stop-timeout"];

function settings({ spec, port }: Release): Values {
  const { healthcheck, drainTimeoutMs, maxCpu, maxMemoryBytes, release, target } = spec;
  const all: readonly (readonly [string, string | undefined])[] = [
    ["scale", writeScale(spec.scale)],
    ["port", port === undefined ? undefined : String(port)],
    ["strip-prefix", spec.stripPrefix ? "true" : undefined],
    ["healthcheck", healthcheck && writeHealthcheck(healthcheck)],
    ["start-timeout", writeDuration(spec.startTimeoutMs)],
    ["drain-timeout", drainTimeoutMs === undefined ? undefined : writeDuration(drainTimeoutMs)],
    ["stop-timeout", writeDuration(spec.stopTimeoutMs)],
    ["maxcpu", maxCpu === undefined ? undefined : String(maxCpu)],
    ["maxmem", maxMemoryBytes === undefined ? undefined : writeMemory(maxMemoryBytes)],
    ["release", release],
    ["target", target],
  ];
  return new Map(all.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
