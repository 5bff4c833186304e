import { UserError } from "../errors.ts";

/** A problem or warning at one place of a file; line and column count from 1, columns in characters. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

/** The number of problems that are shown; the rest is only counted. */
export const maxProblems = 100;

/** `Dockerfile:3:1: what is wrong`, without the hint. */
export const formatProblem = (problem: Problem): string =>
  `${problem.file}:${problem.line}:${problem.column}: ${problem.message}`;

/** All problems as one error, in the given order; a single problem becomes the message itself. */
export function problemsError(problems: readonly Problem[]): UserError {
  const [first] = problems;
  if (first === undefined) throw new TypeError("problemsError needs at least one problem");
  if (problems.length === 1)
    return new UserError(formatProblem(first), { code: "dockerfile", hint: first.hint });
  return new UserError(`${first.file}: ${problems.length} problems`, {
    code: "dockerfile",
    details: problems.flatMap((problem) => [
      formatProblem(problem),
      ...(problem.hint === undefined ? [] : [`  hint: ${problem.hint}`]),
    ]),
  });
}

/** Collects problems in any order and returns them in file order; a hint is made only when its problem is shown. */
export function problemList(file: string) {
  const found: ProblemDraft[] = [];
  return {
    add({ line, column }: Place, message: string, hint?: LazyHint): void {
      found.push({ line, column, message, hint });
    },
    sorted(): readonly Problem[] {
      const order = found.toSorted((a, b) => a.line - b.line || a.column - b.column);
      const shown = order.slice(0, maxProblems).map(({ hint: lazy, ...draft }) => {
        const hint = typeof lazy === "function" ? lazy() : lazy;
        return { file, ...draft, ...(hint !== undefined && { hint }) };
      });
      const next = order[maxProblems];
      if (next === undefined) return shown;
      const message = `and ${order.length - maxProblems} more`;
      return [...shown, { file, line: next.line, column: next.column, message }];
    },
  };
}

export type ProblemList = ReturnType<typeof problemList>;

type Place = Pick<Problem, "line" | "column">;
type LazyHint = string | undefined | (() => string | undefined);
interface ProblemDraft extends Place {
  readonly message: string;
  readonly hint: LazyHint;
}
