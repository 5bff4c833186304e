import { hintFields, type Hint } from "../hints.ts";

/** One thing that `mypaas doctor` looked at. */
export interface Check extends Finding {
  /** Stable word for programs, such as `disk`; several checks of one kind share it. */
  readonly id: string;
  /** What was looked at, such as `disk of the state`. */
  readonly title: string;
}

/** What a look at something found. */
export interface Finding {
  readonly result: Result;
  /** One line of facts. */
  readonly evidence: string;
  /** The way out, one imperative sentence with the exact command; for everything that is not ok. */
  readonly hint?: string;
  /** The hint in pieces: text and commands of mypaas in turn, beginning with text. */
  readonly hintParts?: readonly string[];
  /** Instead of the check's own title, where it looks at several things. */
  readonly title?: string;
}

/** `skipped`: it makes no sense here, or what it would ask is away. */
export const results = ["ok", "warning", "failed", "skipped"] as const;
export type Result = (typeof results)[number];

export const ok = (evidence: string): Finding => ({ result: "ok", evidence });
export const skipped = (evidence: string): Finding => ({ result: "skipped", evidence });
export const warning = (evidence: string, hint: Hint): Finding => ({
  result: "warning",
  evidence,
  ...hintFields(hint),
});
export const failed = (evidence: string, hint: Hint): Finding => ({
  result: "failed",
  evidence,
  ...hintFields(hint),
});

/** The same under a title of its own. */
export const about = (title: string, finding: Finding): Finding => ({ ...finding, title });

/** Something short, however long it is: `a, b, c and 4 more`. */
export function shortList(all: readonly string[], shown = 3): string {
  const more = all.length - shown;
  return more > 0 ? `${all.slice(0, shown).join(", ")} and ${more} more` : all.join(", ");
}

/** True for `version` at or above `least`, both dotted numbers with anything behind them; a version that cannot be read is below. */
export function isAtLeast(version: string, least: string): boolean {
  const [have, need] = [numbers(version), numbers(least)];
  if (have.length === 0) return false;
  for (const [index, wanted] of need.entries()) {
    const part = have[index] ?? 0;
    if (part !== wanted) return part > wanted;
  }
  return true;
}

const numbers = (version: string): readonly number[] =>
  (/^v?(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? "").split(".").filter(Boolean).map(Number);
