import { type Hint, type HintFields, hintFields } from "../hints.ts";

/** One result of `mypaas doctor`. */
export interface Check extends Finding {
  /** Stable word for programs, such as `disk`; checks of one kind share it. */
  readonly id: string;
  /** The checked thing, such as `disk of the state`. */
  readonly title: string;
}

/** The result of one check; everything that is not ok has a hint, one imperative sentence with the exact command. */
export interface Finding extends HintFields {
  readonly result: Result;
  /** One line of facts. */
  readonly evidence: string;
  /** Replaces the check's title, when it checks several things. */
  readonly title?: string;
}

/** `skipped`: the check makes no sense here, or its source is away. */
export const results = ["ok", "warning", "failed", "skipped"] as const;
export type Result = (typeof results)[number];

export const ok = (evidence: string): Finding => ({ result: "ok", evidence });
export const skipped = (evidence: string): Finding => ({ result: "skipped", evidence });
const withHint =
  (result: Result) =>
  (evidence: string, hint: Hint): Finding => ({ result, evidence, ...hintFields(hint) });
export const warning = withHint("warning");
export const failed = withHint("failed");

/** The same finding with another title. */
export const about = (title: string, finding: Finding): Finding => ({ ...finding, title });

/** True when `version` is `least` or newer. Both are dotted numbers with any suffix; an unreadable version is older. */
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
