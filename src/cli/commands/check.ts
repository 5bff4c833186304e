import type { ServiceSpec } from "../../core/release/spec.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { withServer } from "../connect/ask.ts";
import type { Opinion } from "../output/check-report.ts";

interface CheckArgs extends ServerOptions {
  readonly path?: string | undefined;
}

export const declaration: CommandFile = {
  examples: ["mypaas check", "mypaas check web/Dockerfile -r prod"],
  run: check,
};

/** `mypaas check [Dockerfile|DIR] [-r NAME]`: reads one file, and asks a server only with `-r`; exit 1 when there is a problem. */
export async function check(args: CheckArgs, io: CommandIo): Promise<ExitCode> {
  const { findDockerfile, readDockerfile } = await import("../input/dockerfile-path.ts");
  const { parseDockerfile } = await import("../../core/dockerfile/parse.ts");
  const { file, name } = await findDockerfile(args.path, io.world.cwd, "check");
  const parsed = parseDockerfile(await readDockerfile(file, name), name);
  const { spec, problems, warnings } = parsed;
  const opinion = spec === undefined ? undefined : await askServer(spec, args, io);
  const refusals = opinion?.refusals;
  const { reportCheck } = await import("../output/check-report.ts");
  io.answer(reportCheck(name, parsed, opinion), {
    file: name,
    spec: spec ?? null,
    problems,
    warnings,
    ...(refusals && { refusals }),
  });
  return spec === undefined || (refusals ?? []).length > 0 ? 1 : 0;
}

/** Undefined where no server is named: MYPAAS_REMOTE is for what cannot do without one. */
async function askServer(
  spec: ServiceSpec,
  { remote, key }: CheckArgs,
  io: CommandIo,
): Promise<Opinion | undefined> {
  if (remote === undefined) return undefined;
  const { refusedRoutes } = await import("../../core/release/server-refusals.ts");
  return withServer({ remote, key }, io, async ({ place, ask }) => {
    const info = await ask({ action: "server.info" });
    return { place, refusals: refusedRoutes(spec.routes, info, spec.slug) };
  });
}
