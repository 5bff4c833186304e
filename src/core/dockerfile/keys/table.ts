import type { ServiceSpec } from "../../release/spec.ts";
import { object, or, type Reader, type Readers } from "../../stored/shape.ts";
import { balancerFields } from "./balancer.ts";
import { buildFields } from "./build.ts";
import { containerFields } from "./container.ts";
import type { Fact, Key, SpecField, SpecTable } from "./key.ts";
import { limitFields } from "./limits.ts";
import { processFields } from "./processes.ts";
import { routeFields } from "./routes.ts";
import { secretFields } from "./secrets.ts";
import { runtimeFields } from "./runtime.ts";
import { serviceFields } from "./service.ts";
import { timeoutFields } from "./timeouts.ts";
import { trafficFields } from "./traffic.ts";

/** Every field of a spec, in the order in which a spec is written, described and documented. The digest of a spec depends on this order. */
export const specTable: SpecTable = {
  ...serviceFields,
  ...routeFields,
  ...balancerFields,
  ...trafficFields,
  ...containerFields,
  ...secretFields,
  ...timeoutFields,
  ...limitFields,
  ...runtimeFields,
  ...buildFields,
  ...processFields,
};

export const fieldNames = Object.keys(specTable) as readonly (keyof ServiceSpec)[];

/** Builds a spec out of one value for each field. */
export function buildSpec(
  valueOf: <F extends keyof ServiceSpec>(field: SpecField<ServiceSpec[F]>) => ServiceSpec[F],
): ServiceSpec {
  const entry = <F extends keyof ServiceSpec>(name: F) =>
    [name, valueOf<F>(specTable[name])] as const;
  // Every field of the table has its value.
  return Object.fromEntries(fieldNames.map(entry)) as unknown as ServiceSpec;
}

/** Fields that every stored release has, because version 0.1.0 always wrote them. A newer field does not belong here. */
export const firstFields = [
  "service",
  "slug",
  "routes",
  "stripPrefix",
  "scale",
  "volumes",
  "env",
  "publish",
  "startTimeoutMs",
  "stopTimeoutMs",
  "buildArgs",
] as const satisfies readonly (keyof ServiceSpec)[];

/** The text whose digest containers carry. A newer field is left out while it has its default, so that a new key does not change old digests. */
export function digestText(spec: ServiceSpec): string {
  const isFirst = (name: keyof ServiceSpec) => firstFields.some((first) => first === name);
  const isDefault = (name: keyof ServiceSpec) =>
    JSON.stringify(spec[name]) === JSON.stringify(specTable[name].default);
  const written = fieldNames.filter((name) => isFirst(name) || !isDefault(name));
  return JSON.stringify(Object.fromEntries(written.map((name) => [name, spec[name]])));
}

/** A service as mypaas understood it, one line for each fact, for people. */
export function describeSpec(spec: ServiceSpec): readonly string[] {
  const lines: string[] = [];
  let before = "";
  for (const { title, text, sameLine } of fieldNames.flatMap((name) => factsOf(name, spec))) {
    const last = lines.at(-1) ?? "";
    if (sameLine && title === before) lines.splice(-1, 1, `${last}, ${text}`);
    else lines.push(`  ${(title === before ? "" : title).padEnd(12)} ${text}`);
    before = title;
  }
  return lines;
}

const factsOf = <F extends keyof ServiceSpec>(name: F, spec: ServiceSpec): readonly Fact[] =>
  specTable[name].describe(spec[name], spec);

const storedField = <F extends keyof ServiceSpec>(name: F): Reader<ServiceSpec[F]> => {
  const { stored, default: missing } = specTable[name];
  return firstFields.some((first) => first === name) ? stored : or<ServiceSpec[F]>(stored, missing);
};

/** Reads a spec that is stored; a field that an older version did not write has its default. */
export const storedSpec = object<ServiceSpec, keyof ServiceSpec>(
  // Every field of the table has its reader.
  Object.fromEntries(fieldNames.map((name) => [name, storedField(name)])) as unknown as Readers<
    ServiceSpec,
    keyof ServiceSpec
  >,
);

/** Every key, in the order of the table. */
export const keys: readonly Key<unknown>[] = Object.values(specTable).flatMap(
  (field): readonly Key<unknown>[] => field.keys,
);

/** Every name and alias, in the order of the table. */
export const keyNames: readonly string[] = keys.flatMap(({ name, aliases = [] }) => [
  name,
  ...aliases,
]);

const byName = new Map(
  keys.flatMap((key) => [key.name, ...(key.aliases ?? [])].map((name) => [name, key] as const)),
);

/** The key with that name or alias, in any case, and the part of the name that the file has chosen. */
export function findKey(
  name: string,
): { readonly key: Key<unknown>; readonly part: string } | undefined {
  const known = byName.get(name.toLowerCase());
  if (known !== undefined) return { key: known, part: "" };
  for (const key of keys) {
    const part = key.pattern?.exec(name)?.[1];
    if (part !== undefined) return { key, part };
  }
  return undefined;
}
