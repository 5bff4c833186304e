import { describeSpec } from "../../core/dockerfile/keys/table.ts";
import type { ParsedDockerfile } from "../../core/dockerfile/parse.ts";
import { formatProblem, type Problem } from "../../core/dockerfile/problems.ts";
import type { RouteRefusal } from "../../core/release/server-refusals.ts";

/** What a server would refuse of the routes. */
export interface Opinion {
  /** What messages call the server. */
  readonly place: string;
  readonly refusals: readonly RouteRefusal[];
  /** About what its builder cannot build. */
  readonly warnings: readonly Problem[];
}

/** Problems and refusals of a Dockerfile as lines, and its settings when there are none. */
export function reportCheck(
  name: string,
  { spec, problems, warnings }: ParsedDockerfile,
  opinion: Opinion | undefined,
): string {
  const refusals = opinion?.refusals ?? [];
  const lines = [
    ...problems.map((one) => problemLines("error", formatProblem(one), one.hint)),
    ...refusals.map(({ message, hint }) => problemLines("error", message, hint)),
    ...warnings.map((one) => problemLines("warning", formatProblem(one), one.hint)),
  ].flat();
  if (spec === undefined || refusals.length > 0) return lines.join("\n");
  const there = opinion === undefined ? [] : [`${opinion.place}: can serve its routes`];
  return [...lines, `${name}: fine`, ...describeSpec(spec), ...there].join("\n");
}

const problemLines = (
  word: string,
  message: string,
  hint: string | undefined,
): readonly string[] => [`${word}: ${message}`, ...(hint === undefined ? [] : [`hint: ${hint}`])];
