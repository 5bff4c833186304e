import type { ServiceSpec } from "../../core/release/spec.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { withServer } from "../connect/ask.ts";

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
  const { remote, key } = args;
  const isAsked = spec !== undefined && remote !== undefined;
  const opinion = isAsked ? await askServer(spec, { remote, key }, io) : undefined;
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

/** Only by name: MYPAAS_REMOTE is for what cannot do without a server. */
async function askServer(spec: ServiceSpec, options: ServerOptions, io: CommandIo) {
  const { refusedRoutes } = await import("../../core/release/server-refusals.ts");
  return withServer(options, io, async ({ place, ask }) => {
    const info = await ask({ action: "server.info" });
    return { place, refusals: refusedRoutes(spec.routes, info, spec.slug) };
  });
}
