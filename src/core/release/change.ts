import type { Release } from "./release.ts";

/** One difference between a release and the one before it. Texts are written as in the Dockerfile; values of variables never appear. */
export type Change =
  | { readonly kind: "image"; readonly from?: string; readonly to: string }
  | { readonly kind: "route"; readonly how: "added" | "removed"; readonly route: string }
  /** The same host and path, over https instead of http or the reverse. */
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
  /** `key` as in the Dockerfile; without `from` it was not set before, without `to` it is not set now. */
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

/** A field of a spec together with its release. */
export interface Side<T> {
  readonly value: T;
  readonly release: Release;
}

export type Values = ReadonlyMap<string, string>;

/** Changes of named values, without the values. */
export function nameChanges<Kind extends "env" | "build-arg">(
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

/** Changes of a list whose values are shown. */
export function valueChanges<Kind extends "volume" | "publish">(
  kind: Kind,
  from: readonly string[] = [],
  to: readonly string[],
): readonly ValueChange<Kind>[] {
  const only = (these: readonly string[], those: readonly string[], how: "added" | "removed") =>
    these.filter((one) => !those.includes(one)).map((value) => ({ kind, how, value }));
  return [...only(to, from, "added"), ...only(from, to, "removed")];
}

/** The change of one setting; undefined stands for a setting that is not set. */
export function settingChange(
  key: string,
  from: string | undefined,
  to: string | undefined,
): readonly Change[] {
  if (from === to) return [];
  const sides = { ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
  return [{ kind: "setting", key, ...sides }];
}
