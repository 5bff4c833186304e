import { fingerprint, keyTypes, readPublicKey } from "./public-key.ts";
import { SshFormatError } from "./wire-format.ts";

/** One public key that may send requests, from a line of an authorized_keys file. */
export interface EnrolledKey {
  readonly fingerprint: string;
  readonly type: string;
  /** The comment at the end of the line. */
  readonly name: string;
  readonly options: KeyOptions;
  /** The options as written; empty without options. */
  readonly optionsText: string;
  /** The whole line, trimmed. */
  readonly line: string;
}

/** Limits of a key; undefined means no limit. */
export interface KeyOptions {
  /** Service names with `*` at any place. */
  readonly services: readonly string[] | undefined;
  readonly actions: readonly string[] | undefined;
  readonly noVolumes: boolean;
  /** The key is refused from this time on, milliseconds since the epoch. */
  readonly expires: number | undefined;
}

/** The rights for `actions=`. The right `key` allows everything, because it can enrol a key without limits. */
export const rights = ["push", "env", "key", "logs", "run", "manage"] as const;
export type Right = (typeof rights)[number];

export interface KeyProblem {
  /** Counts from 1. */
  readonly line: number;
  readonly message: string;
  readonly text: string;
}

/** Reads an authorized_keys file. A line with a problem, such as an unknown option, grants nothing. */
export function parseAuthorizedKeys(text: string): {
  readonly keys: readonly EnrolledKey[];
  readonly problems: readonly KeyProblem[];
} {
  const keys: EnrolledKey[] = [];
  const problems: KeyProblem[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const parsed = parseKeyLine(line);
    if (typeof parsed === "string")
      problems.push({ line: index + 1, message: parsed, text: line.slice(0, 80) });
    else keys.push(parsed);
  }
  return { keys, problems };
}

/** Reads one line; returns the problem as a string. */
export function parseKeyLine(line: string): EnrolledKey | string {
  const parts = splitLine(line.trim());
  if (parts === undefined) return `no public key in "${shorten(line)}"`;
  const options = parseOptions(parts.options);
  if (typeof options === "string") return options;
  const blob = Buffer.from(parts.base64, "base64");
  try {
    const key = readPublicKey(blob);
    if (key.type !== parts.type) return `key says it is ${parts.type} but holds ${key.type}`;
  } catch (error) {
    if (error instanceof SshFormatError) return `key ${error.message}`;
    throw error;
  }
  return {
    fingerprint: fingerprint(blob),
    type: parts.type,
    name: parts.comment,
    options,
    optionsText: parts.options,
    line: line.trim(),
  };
}

function splitLine(line: string) {
  const types = keyTypes.map((type) => type.replaceAll(".", "\\.")).join("|");
  const key = `(?<type>${types})[ \\t]+(?<base64>[A-Za-z0-9+/]+={0,2})(?:[ \\t]+(?<comment>.*))?`;
  const options = `(?:(?<options>(?:[^ \\t"]|"(?:[^"\\\\]|\\\\.)*")+)[ \\t]+)?`;
  const groups = new RegExp(`^${options}${key}$`).exec(line)?.groups;
  if (groups?.["type"] === undefined || groups["base64"] === undefined) return undefined;
  return {
    options: groups["options"] ?? "",
    type: groups["type"],
    base64: groups["base64"],
    // eslint-disable-next-line no-control-regex
    comment: (groups["comment"] ?? "").trim().replace(/[\u0000-\u001f\u007f-\u009f]/g, ""),
  };
}

const optionPattern = /^(?<name>[A-Za-z0-9-]+)(?:=(?:"(?<quoted>[^"]*)"|(?<plain>[^",]*)))?(?:,|$)/;

function parseOptions(text: string): KeyOptions | string {
  const found = new Map<string, string | undefined>();
  for (let rest = text; rest !== "";) {
    const match = optionPattern.exec(rest);
    const name = match?.groups?.["name"]?.toLowerCase();
    if (!match || name === undefined) return `key option "${shorten(rest)}": not understood`;
    if (!(optionNames as readonly string[]).includes(name))
      return `unknown key option "${shorten(name)}"; known are ${optionNames.join(", ")}`;
    if (found.has(name)) return `key option ${name}: given twice`;
    found.set(name, match.groups?.["quoted"] ?? match.groups?.["plain"]);
    rest = rest.slice(match[0].length);
  }
  return checkOptions(found);
}

const optionNames = ["services", "actions", "no-volumes", "expires"] as const;

function checkOptions(found: ReadonlyMap<string, string | undefined>): KeyOptions | string {
  const list = (name: string) =>
    found.has(name) ? (found.get(name) ?? "").split(",").map((item) => item.trim()) : undefined;
  const services = list("services");
  const badService = services?.find((item) => !/^[a-z0-9.*-]+$/.test(item));
  if (badService !== undefined) return `key option services: not a service name "${badService}"`;
  const actions = list("actions");
  const badAction = actions?.find((item) => !(rights as readonly string[]).includes(item));
  if (badAction !== undefined)
    return `key option actions: unknown action "${badAction}"; known are ${rights.join(", ")}`;
  if (found.get("no-volumes") !== undefined) return "key option no-volumes: takes no value";
  const expires = found.has("expires") ? parseDay(found.get("expires") ?? "") : undefined;
  if (Number.isNaN(expires))
    return `key option expires: should be a date such as 2027-01-31, got "${found.get("expires") ?? ""}"`;
  return { services, actions, noVolumes: found.has("no-volumes"), expires };
}

/** A date begins at 00:00 UTC; a full ISO time with `Z` is exact. */
function parseDay(text: string): number {
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/.test(text)) return NaN;
  const time = Date.parse(text);
  if (Number.isNaN(time)) return NaN;
  return new Date(time).toISOString().startsWith(text.slice(0, 10)) ? time : NaN;
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);
