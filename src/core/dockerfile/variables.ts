import type { EnvSpec } from "../release/spec.ts";
import { good, refuse, show, unquote, type Read } from "./values.ts";

/** Reads `NAME=value` or `NAME`; `form` names in messages what the key accepts. No message shows a text that may be a secret: a value, or a text without `=`. */
export function readVariable(text: string, form: string): Read<EnvSpec> {
  const equals = text.indexOf("=");
  const name = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= 255)
    return good({ name, value: equals < 0 ? undefined : unquote(text.slice(equals + 1).trim()) });
  const got = equals < 0 ? "" : `, got "${show(name)}"`;
  return refuse(`should be ${form}, the name of letters, digits and _${got}`);
}
