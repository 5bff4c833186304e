import { action, answer, job } from "./definition.ts";
import { isSecretName } from "../release/values.ts";
import { asFields, bad, flag, list, shown, type Reader } from "./fields.ts";

/** Secrets may have names that no variable can have; the server refuses such a variable. */
const valueName: Reader<string> = (value) => {
  if (typeof value === "string" && isSecretName(value)) return value;
  throw bad(`not a name of a variable: ${shown(value, 60)}`);
};

const variables: Reader<Readonly<Record<string, string>>> = (value, name) => {
  const entries = Object.entries(asFields(value, name));
  if (entries.length === 0) throw bad(`${name}: names no variable`);
  return Object.fromEntries(
    entries.map(([variable, item]) => {
      if (typeof item !== "string" || item.includes("\0") || item.length > 128 * 1024)
        throw bad(`set.${valueName(variable, name)}: should be text of at most 128 KiB`);
      return [valueName(variable, name), item];
    }),
  );
};

/** For the next push; without it a service that runs gets a release with the values. */
const stage = flag;

const common = {
  scope: "service",
  right: "env",
  byGrant: "change",
  repeat: "once",
  knownNames: "unchanged",
} as const;

/** Variables that are set on the server. */
export const env = {
  "env.list": action({
    ...common,
    byGrant: "read",
    fields: {},
    becomes: answer<{
      readonly service: string;
      readonly env: readonly ListedValue[];
    }>(),
    repeat: "safe",
  }),
  "env.set": action({
    ...common,
    fields: { set: variables, stage, secret: flag },
    becomes: job<Saved & { readonly set: readonly string[] }>(),
    stored: ({ set }) => ({ set: Object.fromEntries(Object.keys(set).map((name) => [name, ""])) }),
  }),
  "env.unset": action({
    ...common,
    fields: { names: list(valueName), stage },
    becomes: job<Saved & { readonly unset: readonly string[] }>(),
  }),
} as const;

/** A value without the value: equal values of one name have the same fingerprint. */
export interface ListedValue {
  readonly name: string;
  readonly fingerprint: string;
  /** `build`: a secret that no file holds; builds may ask for every value, whatever it is for. Older servers do not say it. */
  readonly use?: "environment" | "build" | "file";
  /** Its files in the containers of what runs. */
  readonly paths?: readonly string[];
}

/** Values that were saved without a release. */
interface Saved {
  readonly service: string;
  /** Set where only builds ask for them; what runs stays as it is. */
  readonly takesEffect?: "next push";
}
