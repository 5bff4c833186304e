import { plainText } from "../terminal-text.ts";

/** The value of a key as read, or what is wrong with it: the message without file, position and key. */
export type Read<T> = { readonly value: T } | Bad;

export interface Bad {
  readonly bad: string;
  readonly hint?: string;
}

export const good = <T>(value: T): Read<T> => ({ value });

/** `should be WHAT, got "TEXT"`. */
export function bad(what: string, text: string, hint?: string): Bad {
  return refuse(`should be ${what}, got "${show(text)}"`, hint);
}

/** Any other sentence about a value. */
export function refuse(message: string, hint?: string): Bad {
  return hint === undefined ? { bad: message } : { bad: message, hint };
}

/** Foreign text inside a message: without controls, short. */
export function show(text: string): string {
  const plain = plainText(text.slice(0, 200));
  return plain.length > 60 ? `${plain.slice(0, 60)}…` : plain;
}

/** Takes a pair of quotes off that encloses the whole text; `"a" b "c"` stays as it is. */
export function unquote(text: string): string {
  const quote = text[0];
  if ((quote !== '"' && quote !== "'") || text.length < 2) return text;
  return text.indexOf(quote, 1) === text.length - 1 ? text.slice(1, -1) : text;
}

/** `true` or `false`, also `yes`, `no`, `on`, `off`. */
export function readBoolean(text: string): Read<boolean> {
  const word = text.toLowerCase();
  if (["true", "yes", "on"].includes(word)) return good(true);
  if (["false", "no", "off"].includes(word)) return good(false);
  return bad("true or false", text);
}

/** A port of TCP or UDP. */
export function readPort(text: string): Read<number> {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65535 ? good(port) : bad("a whole number from 1 to 65535", text);
}
