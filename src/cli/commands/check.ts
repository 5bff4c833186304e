import { parseDockerfile, type ParsedDockerfile } from "../../core/dockerfile/parse.ts";
import { formatProblem } from "../../core/dockerfile/problems.ts";
import { describeSpec } from "../../core/dockerfile/describe-spec.ts";
import { refusedRoutes, type RouteRefusal } from "../../core/release/server-refusals.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { Results } from "../../core/actions/actions.ts";
import { locateDockerfile, readDockerfile } from "../input/dockerfile-path.ts";
import type { CommandIo, ExitCode } from "../io.ts";

export interface CheckArgs {
  readonly path?: string | undefined;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
}

/** `mypaas check [Dockerfile|DIR] [-r NAME]`: reads one file, and asks nobody but the server that is named; exit 1 when there is a problem. */
export async function check(args: CheckArgs, io: CommandIo): Promise<ExitCode> {
  const { file, name } = await locateDockerfile(args.path, io.world.cwd, "mypaas check");
  const parsed = parseDockerfile(await readDockerfile(file, name), name);
  const { spec, problems, warnings } = parsed;
  const opinion = spec === undefined ? undefined : await askServer(spec, args, io);
  const refusals = opinion?.refusals;
  io.answer(report(name, parsed, opinion), {
    file: name,
    spec: spec ?? null,
    problems,
    warnings,
    ...(refusals && { refusals }),
  });
  return spec === undefined || (refusals ?? []).length > 0 ? 1 : 0;
}

interface Opinion {
  /** What messages call the server. */
  readonly place: string;
  readonly refusals: readonly RouteRefusal[];
}

/** Undefined where no server is named: MYPAAS_REMOTE is for what cannot do without one. */
async function askServer(
  spec: ServiceSpec,
  { remote, key }: CheckArgs,
  io: CommandIo,
): Promise<Opinion | undefined> {
  if (remote === undefined) return undefined;
  // Offline nothing of the network is loaded.
  const { connect } = await import("../connect/connect.ts");
  const connection = await connect(io, remote, { key });
  try {
    const { result } = await connection.ask({ action: "server.info" });
    const refusals = refusedRoutes(spec.routes, result as Results["server.info"], spec.slug);
    return { place: connection.place, refusals };
  } finally {
    await connection.close();
  }
}

function report(
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
