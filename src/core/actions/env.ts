import { action, answer, job } from "./definition.ts";
import { asFields, bad, flag, list, shown, type Reader } from "./fields.ts";

const variableName: Reader<string> = (name) => {
  if (typeof name === "string" && /^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(name)) return name;
  throw bad(`not a name of a variable: ${shown(name, 60)}`);
};

const variables: Reader<Readonly<Record<string, string>>> = (value, name) => {
  const entries = Object.entries(asFields(value, name));
  if (entries.length === 0) throw bad(`${name}: names no variable`);
  return Object.fromEntries(
    entries.map(([variable, item]) => {
      if (typeof item !== "string" || item.includes("\0") || item.length > 128 * 1024)
        throw bad(`set.${variableName(variable, name)}: should be text of at most 128 KiB`);
      return [variableName(variable, name), item];
    }),
  );
};

/** For the next push; without it a service that runs gets a release with the values. */
const stage = flag;

/** Variables that are set on the server. */
export const env = {
  "env.list": action({
    scope: "service",
    fields: {},
    right: "env",
    becomes: answer<{
      readonly service: string;
      readonly env: readonly { readonly name: string; readonly fingerprint: string }[];
    }>(),
    repeat: "safe",
    knownNames: "unchanged",
  }),
  "env.set": action({
    scope: "service",
    fields: { set: variables, stage },
    right: "env",
    becomes: job<{ readonly service: string; readonly set: readonly string[] }>(),
    repeat: "once",
    knownNames: "unchanged",
    stored: ({ set }) => ({
      set: Object.fromEntries(Object.keys(set).map((name) => [name, ""])),
    }),
  }),
  "env.unset": action({
    scope: "service",
    fields: { names: list(variableName), stage },
    right: "env",
    becomes: job<{ readonly service: string; readonly unset: readonly string[] }>(),
    repeat: "once",
    knownNames: "unchanged",
  }),
} as const;
