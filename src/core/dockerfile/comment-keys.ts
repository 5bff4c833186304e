import { countCharacters, type Comment } from "./comments.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Key } from "./keys/key.ts";
import { findKey, keyNames } from "./keys/table.ts";
import type { ProblemList } from "./problems.ts";
import { firstNonSpace, isSpace } from "../white-space.ts";
import { good, refuse, show, unquote, type Read } from "./values.ts";
import { command, hint, hintText } from "../hints.ts";

/** A line `# mypaas.key = value` of the file; columns count characters from 1. */
export interface KeyLine {
  readonly key: Key<unknown>;
  /** Its name in messages. */
  readonly name: string;
  /** The part of its name that the file has chosen; empty for most keys. */
  readonly part: string;
  /** The text after `=`, without quotes. */
  readonly value: Read<string>;
  readonly line: number;
  readonly column: number;
}

const prefix = "mypaas.";
const maxValue = 4096;

/** True when the text of the comment begins with `mypaas.`. */
export function isKeyComment(comment: Comment): boolean {
  const from = firstNonSpace(comment.text, comment.at + 1);
  return comment.text.slice(from, from + prefix.length).toLowerCase() === prefix;
}

/** Reads such a comment; adds a problem for an unknown key. */
export function readKeyLine(comment: Comment, problems: ProblemList): KeyLine | undefined {
  const { line, text, at } = comment;
  const column = columnOf(text, at);
  const start = firstNonSpace(text, at + 1) + prefix.length;
  const name = /process\.[\w.-]*|[\w-]*/iy;
  name.lastIndex = start;
  const written = name.exec(text)?.[0] ?? "";
  const found = findKey(written);
  if (found === undefined) {
    const place = { line, column: columnOf(text, start) };
    const hint = () => unknownKeyHint(written);
    problems.add(place, `unknown key ${prefix}${show(written)}`, hint);
    return undefined;
  }
  const { key, part } = found;
  const called = key.pattern === undefined ? key.name : show(written);
  const value = readValue(text, start + written.length, called);
  return { key, name: called, part, value, line, column };
}

/** The key that a mistyped comment such as `# mypass.port = 80` should set. */
export function nearMiss(comment: Comment): string | undefined {
  const start = firstNonSpace(comment.text, comment.at + 1);
  const match = /^([a-z]{4,8})[.:]\s?([a-z-]{3,13})\s*=/i.exec(
    comment.text.slice(start, start + 40),
  );
  if (!match || findKey(match[2] ?? "") === undefined) return undefined;
  if (didYouMean(match[1] ?? "", ["mypaas"]) === undefined) return undefined;
  return `${prefix}${(match[2] ?? "").toLowerCase()}`;
}

/**
 * The lines of a file, with those that are missing: it is of `service`, and reachable below the domain of the server unless it says
 * otherwise. A file that names its service is complete: one without a route is meant to have none.
 */
export function filledIn(lines: readonly KeyLine[], service: string): readonly KeyLine[] {
  const [named, routed, port] = [["servicename"], ["domain", "url"], ["port"]].map((names) =>
    lines.find(({ key }) => names.includes(key.name)),
  );
  if (named !== undefined) return lines;
  const isWorker = port !== undefined && "value" in port.value && /^none$/i.test(port.value.value);
  const added = [
    keyLine("servicename", service),
    ...(routed === undefined && !isWorker ? keyLine("domain", "auto") : []),
  ];
  return [...added.flat(), ...lines];
}

/** Such a line stands nowhere, so its problems are those of the whole file. */
function keyLine(name: string, value: string): readonly KeyLine[] {
  const found = findKey(name);
  return found === undefined ? [] : [{ ...found, name, value: good(value), line: 1, column: 1 }];
}

function unknownKeyHint(name: string): string {
  const longer = keyNames.find((known) => known.startsWith(`${name.toLowerCase()}.`));
  const near = longer ?? didYouMean(name, keyNames);
  return near === undefined
    ? hintText(hint`run: ${command("help keys")}`)
    : `did you mean ${prefix}${near}?`;
}

function readValue(text: string, from: number, name: string): Read<string> {
  const equals = firstNonSpace(text, from);
  if (text[equals] !== "=") return refuse("has no value", `write: # ${prefix}${name} = value`);
  const begin = firstNonSpace(text, equals + 1);
  let end = text.length;
  while (end > begin && isSpace(text.charAt(end - 1))) end--;
  if (end - begin > maxValue)
    return refuse(`is longer than ${maxValue} characters (${end - begin})`);
  const value = text.slice(begin, end);
  const hidden = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffd]/u;
  const bad = hidden.exec(value.replaceAll("\t", " "))?.[0];
  if (bad === "\ufffd") return refuse("contains bytes that are not UTF-8");
  if (bad !== undefined) return refuse(`contains the invisible character ${codePoint(bad)}`);
  if (/^["']/.test(value) && value.indexOf(value.charAt(0), 1) < 0)
    return refuse(`has a quote ${value.charAt(0)} that is never closed`);
  const unquoted = unquote(value);
  return unquoted.trim() === ""
    ? refuse("has no value", `write: # ${prefix}${name} = value`)
    : good(unquoted);
}

const codePoint = (char: string): string =>
  `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

const columnOf = (text: string, at: number): number => countCharacters(text.slice(0, at)) + 1;
