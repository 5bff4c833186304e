import { good, refuse, show, unquote, type Read } from "./values.ts";

/** A variable as a line writes it; without `=` its value is undefined. */
export interface Variable {
  readonly name: string;
  readonly value: string | undefined;
}

/** Reads `NAME=value` or `NAME`; `form` says in messages which of them the key takes. Messages never show the value, because it may be a secret. */
export function readVariable(text: string, form: string): Read<Variable> {
  const equals = text.indexOf("=");
  const name = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= 255)
    return good({ name, value: equals < 0 ? undefined : unquote(text.slice(equals + 1).trim()) });
  return refuseVariable(form, equals < 0 ? undefined : name);
}

/** The refusal of a text in another form; a text without `=` is not shown, because it may be a secret. */
export function refuseVariable(form: string, name: string | undefined) {
  const got = name === undefined ? "" : `, got "${show(name)}"`;
  return refuse(`should be ${form}, the name of letters, digits and _${got}`);
}
