import type { Release } from "./release.ts";
import type { ServiceSpec } from "./spec.ts";

/** A value that was set on the server. */
export interface ServerValue {
  readonly value: string;
  /** True for one that never becomes an environment variable. */
  readonly isSecret: boolean;
}

/** Values by name, such as all of a service. */
export type ServerValues = Readonly<Record<string, ServerValue>>;

/** Values that change; undefined takes one away. */
export type ValueChanges = Readonly<Record<string, ServerValue | undefined>>;

/** True for a name that an environment variable may have. */
export const isVariableName = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name);

/** True for a name that a secret may have: ids in a Dockerfile's `--mount=type=secret` are often written with `-` or `.`. */
export const isSecretName = (name: string): boolean =>
  /^[A-Za-z0-9_.-]{1,200}$/.test(name) && !/^\.+$/.test(name);

type Asking = Pick<ServiceSpec, "env" | "secrets">;

/** Where the containers of a release find values. */
export interface PlacedValues {
  readonly env: Readonly<Record<string, string>>;
  /** Values of files, by name of the secret. */
  readonly files: Readonly<Record<string, string>>;
}

/** Decides which values become environment variables, and which files. A Dockerfile that names a value both ways gets both, unless it was set as a secret. */
export function placeValues(spec: Asking, values: ServerValues): PlacedValues {
  const all = Object.entries(values).map(([name, { value }]) => [name, value] as const);
  const isVariable = ([name]: readonly [string, string]) => isPlacedInEnv(spec, name, values[name]);
  return {
    env: Object.fromEntries(all.filter((entry) => isVariable(entry))),
    files: Object.fromEntries(all.filter(([name]) => isFile(spec, name))),
  };
}

/** The same for a release of which some values change: all its variables, and the files whose values are others; undefined for one that goes. */
export function placeChanges(
  { env, spec }: Pick<Release, "env"> & { readonly spec: Asking },
  changes: ValueChanges,
): {
  readonly env: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string | undefined>>;
} {
  const changed = Object.entries(changes);
  const kept = Object.entries(env).filter(([name]) => !Object.hasOwn(changes, name));
  const added = changed.flatMap(([name, one]) =>
    one !== undefined && isPlacedInEnv(spec, name, one) ? [[name, one.value] as const] : [],
  );
  const files = changed.filter(([name]) => isFile(spec, name));
  return {
    env: Object.fromEntries([...kept, ...added]),
    files: Object.fromEntries(files.map(([name, one]) => [name, one?.value])),
  };
}

/** True where a change of values makes no difference to what runs: all of them are secrets that only builds ask for, now and before. */
export function onlyBuildsAsk(spec: Asking, before: ServerValues, changes: ValueChanges): boolean {
  return Object.entries(changes).every(([name, after]) => {
    const sides = [Object.hasOwn(before, name) ? before[name] : undefined, after];
    const known = sides.filter((side) => side !== undefined);
    return known.length > 0 && !isFile(spec, name) && known.every(({ isSecret }) => isSecret);
  });
}

/** What a value is for, and the paths of its files. */
export interface ValueUse {
  /** `build`: a secret that no file holds; builds may ask for every value, whatever it is for. */
  readonly use: "environment" | "build" | "file";
  readonly paths: readonly string[];
}

/** Says what a value is for; without a spec nothing of the service runs or is stopped. */
export function useOf(spec: Asking | undefined, name: string, value: ServerValue): ValueUse {
  const files = spec?.secrets.filter((secret) => secret.name === name) ?? [];
  const paths = files.map(({ target }) => target);
  if (isPlacedInEnv(spec ?? { env: [], secrets: [] }, name, value))
    return { use: "environment", paths };
  return { use: paths.length > 0 ? "file" : "build", paths };
}

const isFile = ({ secrets }: Asking, name: string): boolean =>
  secrets.some((secret) => secret.name === name);

function isPlacedInEnv(spec: Asking, name: string, value: ServerValue | undefined): boolean {
  if (value === undefined || value.isSecret) return false;
  return !isFile(spec, name) || spec.env.some((variable) => variable.name === name);
}
