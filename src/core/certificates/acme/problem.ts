import { command, hintFields, type Hint, type HintCommand } from "../../hints.ts";
import { oneLine, withoutSecrets } from "../foreign-text.ts";
import type { Trouble } from "../record.ts";

/** The parts of lego's error text. A problem document (RFC 8555, 6.7) has a type. */
export interface AcmeProblem {
  /** Without `urn:ietf:params:acme:error:`; undefined when the CA did not answer. */
  readonly type: string | undefined;
  /** The CA's text, or the whole text without Traefik's prefix; one line. */
  readonly detail: string;
  /** The first host in the text, quoted for a command line; `HOST` without one. */
  readonly host: string;
  /** The first URL in the text, without secrets. */
  readonly url: string | undefined;
  /** Page that the CA wants the operator to open. */
  readonly instance: string | undefined;
}

/** Longer texts are cut off, so that every pattern stays fast. */
const maxLength = 10_000;
const problemStart = /urn:(?:ietf:params:)?acme:error:([A-Za-z]+)"? :: /;

/** Parses an error text of lego; the formats are in its `ProblemDetails.Error` and `DomainsError.Error`. */
export function readProblem(error: string): AcmeProblem {
  const text = oneLine(error, maxLength);
  const url = /https?:\/\/[^\s"'?]+/.exec(withoutSecrets(text))?.[0];
  const common = { host: hostIn(text), url };
  const start = problemStart.exec(text);
  if (start === null)
    return { ...common, type: undefined, detail: bare(text), instance: undefined };
  const isCompound = start[1] === "compound";
  const all = text.slice(start.index + start[0].length);
  const inner = isCompound ? problemStart.exec(all) : null;
  const rest = inner === null ? all : all.slice(inner.index + inner[0].length);
  return {
    ...common,
    type: (inner ?? start)[1],
    detail: detailOf(rest, text.includes("had a problem:")),
    instance: /, url: (https?:\/\/[^\s\]]+)/.exec(rest)?.[1],
  };
}

export const trouble = (about: string, reason: string, way?: Hint): Trouble => ({
  about,
  reason,
  ...hintFields(way),
});

/** The command that asks the CA again. */
export const retry = (host: string): HintCommand => command(`cert retry ${host}`);

function detailOf(rest: string, isInBrackets: boolean): string {
  const ends = [', problem: "urn:', ", url: ", "] ["].map((end) => rest.indexOf(end));
  const end = Math.min(rest.length, ...ends.filter((index) => index >= 0));
  const whole =
    end === rest.length && isInBrackets ? rest.replace(/\]\s*$/, "") : rest.slice(0, end);
  return whole.replace(/^(?:(?:Error [a-z ]+|Invalid identifiers requested) :: )+/, "").trim();
}

/** Without the prefixes of Traefik and lego that carry no information. */
const bare = (text: string): string =>
  withoutSecrets(text)
    .replace(/^unable to generate a certificate for the domains \[[^\]]*\]: /, "")
    .replace(/^cannot get ACME client /, "")
    .replace(/^(?:[a-z]+: )?one or more domains had a problem: \[[^\s\]]+[:\]] (.*?)\]?$/i, "$1")
    .trim();

function hostIn(text: string): string {
  const found =
    /had a problem:\s*\[([^\s\]:]+)/.exec(text)?.[1] ??
    /for the domains \[([^\s\]]+)/.exec(text)?.[1];
  if (found === undefined || !/^(?:\*\.)?[a-z0-9.-]+$/i.test(found)) return "HOST";
  return found.startsWith("*") ? `'${found}'` : found;
}
