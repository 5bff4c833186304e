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

/** Processors: `2`, `0.5`. */
export function readCpu(text: string): Read<number> {
  const cpu = /^(\d{1,4}(\.\d{1,3})?|\.\d{1,3})$/.test(text) ? Number(text) : NaN;
  return cpu >= 0.01 && cpu <= 1024
    ? good(cpu)
    : bad("a number of processors from 0.01 to 1024, such as 0.5", text);
}

const sizeUnits = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 } as const;

/** Bytes: `256m`, `1.5g`, `512MiB`; Docker takes no less than 6 MiB. */
export function readMemory(text: string): Read<number> {
  const match = /^(\d{1,12}(?:\.\d{1,3})?)([kmgt])i?b?$/i.exec(text);
  const unit = match?.[2]?.toLowerCase();
  if (!match || !(unit === "k" || unit === "m" || unit === "g" || unit === "t")) {
    const hint = /^\d{1,12}$/.test(text) ? `write a unit, such as ${text}m` : undefined;
    return bad("a size such as 256m or 1g", text, hint);
  }
  const bytes = Math.round(Number(match[1]) * sizeUnits[unit]);
  if (bytes < 6 * sizeUnits.m || bytes > 64 * sizeUnits.t) return bad("from 6m to 64t", text);
  return good(bytes);
}

/** A command for `release`, kept as written. */
export function readCommand(text: string): Read<string> {
  return good(text);
}

/** A stage of the Dockerfile: its name or its number. */
export function readTarget(text: string): Read<string> {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/.test(text)
    ? good(text)
    : bad("the name of a build stage", text);
}
