import { describeSpec } from "../../core/dockerfile/describe-spec.ts";
import type { ParsedDockerfile } from "../../core/dockerfile/parse.ts";
import { formatProblem } from "../../core/dockerfile/problems.ts";
import type { RouteRefusal } from "../../core/release/server-refusals.ts";

/** What a server said about the routes. */
export interface Opinion {
  /** What messages call the server. */
  readonly place: string;
  readonly refusals: readonly RouteRefusal[];
}

/** Problems and refusals of a Dockerfile as lines, and its settings when there are none. */
export function reportCheck(
  name: string,
  { spec, problems, warnings }: ParsedDockerfile,
  opinion: Opinion | undefined,
): string {
  const refusals = opinion?.refusals ?? [];
  const lines = [
    ...problems.map((one) => said("error", formatProblem(one), one.hint)),
    ...refusals.map(({ message, hint }) => said("error", message, hint)),
    ...warnings.map((one) => said("warning", formatProblem(one), one.hint)),
  ].flat();
  if (spec === undefined || refusals.length > 0) return lines.join("\n");
  const there = opinion === undefined ? [] : [`${opinion.place}: has what its routes need`];
  return [...lines, `${name}: fine`, ...describeSpec(spec), ...there].join("\n");
}

const said = (word: string, message: string, hint: string | undefined): readonly string[] => [
  `${word}: ${message}`,
  ...(hint === undefined ? [] : [`hint: ${hint}`]),
];
