import { plainText } from "../terminal-text.ts";

/** What others wrote, such as a CA or a DNS server, as one line that is safe to show: no control characters, at most `most` characters. */
export function oneLine(text: string, most = 300): string {
  const line = plainText(text.replaceAll(/\s+/g, " ")).trim();
  return line.length <= most ? line : `${line.slice(0, most - 1).trimEnd()}…`;
}

/** URLs without what may be a secret in them: query, user and password. */
export const withoutSecrets = (text: string): string =>
  text.replaceAll(/(https?:\/\/)(?:[^\s"'/?@]*@)?([^\s"'?]*)(\?[^\s"']*)?/gi, "$1$2");
