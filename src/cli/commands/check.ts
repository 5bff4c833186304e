import { parseDockerfile, type ParsedDockerfile } from "../../core/dockerfile/parse.ts";
import { formatProblem } from "../../core/dockerfile/problems.ts";
import { describeSpec } from "../../core/dockerfile/spec-text.ts";
import { locateDockerfile, readDockerfile } from "../dockerfile-path.ts";
import type { CommandIo, ExitCode } from "../io.ts";

/** `mypaas check [Dockerfile|DIR]`: reads one file, asks nobody; exit 1 when there is a problem. */
export async function check(
  args: { readonly path?: string | undefined },
  io: CommandIo,
): Promise<ExitCode> {
  const { file, name } = await locateDockerfile(args.path, io.world.cwd, "mypaas check");
  const parsed = parseDockerfile(await readDockerfile(file, name), name);
  const { spec, problems, warnings } = parsed;
  io.answer(report(name, parsed), { file: name, spec: spec ?? null, problems, warnings });
  return spec === undefined ? 1 : 0;
}

function report(name: string, { spec, problems, warnings }: ParsedDockerfile): string {
  const lines = [...problems, ...warnings].flatMap((problem, index) => [
    `${index < problems.length ? "error" : "warning"}: ${formatProblem(problem)}`,
    ...(problem.hint === undefined ? [] : [`hint: ${problem.hint}`]),
  ]);
  const end = spec === undefined ? [] : [`${name}: fine`, ...describeSpec(spec)];
  return [...lines, ...end].join("\n");
}
