import type { Check } from "../../core/health/check.ts";
import type { Theme } from "../../core/wire/event-text.ts";

/** Lines are this long at most, unless a single word is longer. */
const width = 80;
const indent = " ".repeat(9);

/** All checks, one after the other, and how many were not well. */
export const describeChecks = (checks: readonly Check[], theme: Theme): string =>
  [...checks.map((check) => describe(check, theme)), "", summary(checks)].join("\n");

/** How many checks ended like that. */
export const count = (checks: readonly Check[], result: Check["result"]): number =>
  checks.filter((one) => one.result === result).length;

function describe(check: Check, theme: Theme): string {
  const { result, title, evidence, hint } = check;
  const [first = "", ...rest] = wrap(`${title}: ${evidence}`, width - indent.length);
  const paint = colours(theme)[result];
  const word = paint(result) + " ".repeat(indent.length - result.length);
  const head = first.startsWith(`${title}: `)
    ? `${title}: ${theme.dim(first.slice(title.length + 2))}`
    : first;
  return [
    word + head,
    ...rest.map((line) => indent + theme.dim(line)),
    ...(hint === undefined ? [] : hintLines(hint).map((line) => indent + line)),
  ].join("\n");
}

/** A command that would be cut in two gets a line of its own. */
function hintLines(hint: string): readonly string[] {
  const text = `hint: ${hint}`;
  if (text.length <= width - indent.length) return [text];
  const at = text.lastIndexOf(": ");
  const command = text.slice(at + 2);
  if (at <= "hint".length || command.length > width - indent.length - 2)
    return wrap(text, width - indent.length);
  return [...wrap(text.slice(0, at + 1), width - indent.length), `  ${command}`];
}

function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > columns) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

const colours = (theme: Theme): Readonly<Record<Check["result"], (text: string) => string>> => ({
  ok: theme.live,
  warning: theme.warning,
  failed: theme.failed,
  skipped: theme.dim,
});

function summary(checks: readonly Check[]): string {
  const [bad, odd] = [count(checks, "failed"), count(checks, "warning")];
  const all = checks.length === 1 ? "1 check" : `${checks.length} checks`;
  if (bad + odd === 0) return `${all}, nothing wrong`;
  return `${all}: ${bad} failed, ${odd} ${odd === 1 ? "warning" : "warnings"}`;
}
