import { plainText } from "../terminal-text.ts";

/** Text of a CA or a DNS server as one safe line: no control characters, at most `most` characters. */
export function oneLine(text: string, most = 300): string {
  const line = plainText(text.replaceAll(/\s+/g, " ")).trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
}

/** Removes possible secrets from URLs: query, user and password. */
export const withoutSecrets = (text: string): string =>
  text.replaceAll(/(https?:\/\/)(?:[^\s"'/?@]*@)?([^\s"'?]*)(\?[^\s"']*)?/gi, "$1$2");
