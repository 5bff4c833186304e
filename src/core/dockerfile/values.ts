import type { EnvSpec } from "../release/spec.ts";
import { plainText } from "../terminal-text.ts";

/** The value of a key, or the problem with it: a message without file, position and key. */
export type Read<T> = { readonly value: T } | Bad;

export interface Bad {
  readonly bad: string;
  readonly hint?: string;
}

export const good = <T>(value: T): Read<T> => ({ value });

/** The problem `should be WHAT, got "TEXT"`. */
export const bad = (what: string, text: string, hint?: string): Bad =>
  refuse(`should be ${what}, got "${show(text)}"`, hint);

/** A problem in other words. */
export const refuse = (message: string, hint?: string): Bad =>
  hint === undefined ? { bad: message } : { bad: message, hint };

/** Text of others as it is safe in a message: without control characters, and short. */
export function show(text: string): string {
  const plain = plainText(text.slice(0, 200));
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}

/** Removes a pair of quotes around the whole text; `"a" b "c"` stays unchanged. */
export function unquote(text: string): string {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2) return text;
  return text.indexOf(quote, 1) === text.length - 1 ? text.slice(1, -1) : text;
}

/** Reads `true` or `false`, also `yes`, `no`, `on`, `off`. */
export function readBoolean(text: string): Read<boolean> {
  const word = text.toLowerCase();
  if (["true", "yes", "on"].includes(word)) return good(true);
  if (["false", "no", "off"].includes(word)) return good(false);
  return bad("true or false", text);
}

/** Reads a TCP or UDP port. */
export function readPort(text: string): Read<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? good(port) : bad("a whole number from 1 to 65535", text);
}

/** Reads `NAME=value` or `NAME`; `form` names in messages what the key accepts. No message shows a text that may be a secret: a value, or a text without `=`. */
export function readVariable(text: string, form: string): Read<EnvSpec> {
  const equals = text.indexOf("=");
  const name = (equals < 0 ? text : text.slice(0, equals)).trim();
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && name.length <= 255)
    return good({ name, value: equals < 0 ? undefined : unquote(text.slice(equals + 1).trim()) });
  const got = equals < 0 ? "" : `, got "${show(name)}"`;
  return refuse(`should be ${form}, the name of letters, digits and _${got}`);
}
