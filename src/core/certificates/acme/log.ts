import { plainText } from "../../terminal-text.ts";

/** A failed attempt in Traefik's log. */
export interface AcmeFailure {
  readonly hosts: readonly string[];
  /** The whole text of lego or the CA. */
  readonly error: string;
}

/** Before the message stand only timestamps, the level and the source position. A quote or an equals sign there marks quoted text of another program. For zerolog's ConsoleWriter see its `writeFields`. */
const failed =
  /^[^"=]*\b(?:ERR|INF|WRN) (?:\S+ > )?(?:Unable to obtain ACME certificate for domains?|Error renewing ACME certificate: (?<domain>\{[^}]*\}))(?= )/;
const field = /([A-Za-z][\w ]{0,40})=("(?:[^"\\]|\\.)*(?:"|$)|\[[^\]]*(?:\]|$)|\S*)/g;

/** Failed attempts in the output of `docker logs` of Traefik, oldest first; with or without colours and Docker's timestamps. */
export const readAcmeFailures = (log: string): readonly AcmeFailure[] =>
  log.split(/\r?\n/).flatMap((line) => readLine(plainText(line)) ?? []);

function readLine(line: string): AcmeFailure | undefined {
  const match = failed.exec(line);
  if (match === null) return undefined;
  const values = new Map<string, string>();
  for (const [, name = "", value = ""] of line.slice(match[0].length).matchAll(field))
    values.set(name.trim(), unquote(value));
  const error = values.get("error") ?? "";
  const text = values.get("domains") ?? match.groups?.["domain"] ?? domainsIn(error);
  const hosts = hostsIn(text);
  return error === "" || hosts.length === 0 ? undefined : { hosts, error };
}

/** The domains in Traefik's text before lego's. */
const domainsIn = (error: string): string => /for the domains \[([^\]]*)\]/.exec(error)?.[1] ?? "";

/** Hosts in `["a.test","b.test"]`, `a.test,b.test`, `{a.test [b.test]}` or `{Main:a.test SANs:[b.test]}`. */
const hostsIn = (text: string): readonly string[] =>
  [...text.replaceAll(/\b(?:Main|SANs):/g, " ").matchAll(/[^\s,"[\]{}]+/g)].map(([host]) =>
    host.toLowerCase(),
  );

/** Undoes Go's strconv.Quote; a truncated line has no quote at its end. */
function unquote(value: string): string {
  if (!value.startsWith('"')) return value;
  const inner = value.slice(1).replace(/(^|[^\\])((?:\\\\)*)"$/, "$1$2");
  return inner.replaceAll(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gs,
    (_all, byte?: string, short?: string, long?: string, plain = "") => {
      const hex = byte ?? short ?? long;
      if (hex === undefined) return escapes[plain] ?? plain;
      const code = Number.parseInt(hex, 16);
      // `\x` above 7f is a byte that is not UTF-8.
      return code > 0x10_ff_ff || (byte !== undefined && code > 0x7f)
        ? "\ufffd"
        : String.fromCodePoint(code);
    },
  );
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\u0007",
  b: "\b",
  f: "\f",
  v: "\v",
};
