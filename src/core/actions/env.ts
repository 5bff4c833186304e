import { action, answer, job } from "./definition.ts";
import { asFields, bad, flag, list, text, type Reader } from "./fields.ts";

const variableName = text(/^[A-Za-z_][A-Za-z0-9_]{0,199}$/, "not a name of a variable");

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

const common = { scope: "service", right: "env", repeat: "once", knownNames: "unchanged" } as const;

/** Variables that are set on the server. */
export const env = {
  "env.list": action({
    ...common,
    fields: {},
    becomes: answer<{
      readonly service: string;
      readonly env: readonly { readonly name: string; readonly fingerprint: string }[];
    }>(),
    repeat: "safe",
  }),
  "env.set": action({
    ...common,
    fields: { set: variables, stage },
    becomes: job<{ readonly service: string; readonly set: readonly string[] }>(),
    stored: ({ set }) => ({ set: Object.fromEntries(Object.keys(set).map((name) => [name, ""])) }),
  }),
  "env.unset": action({
    ...common,
    fields: { names: list(variableName), stage },
    becomes: job<{ readonly service: string; readonly unset: readonly string[] }>(),
  }),
} as const;
