import { resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import type { ServiceSpec } from "../../core/release/spec.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { withServer } from "../connect/ask.ts";

interface CheckArgs extends ServerOptions {
  readonly path?: string | undefined;
  /** `--generate`. */
  readonly generate?: boolean;
}

export const declaration: CommandFile = {
  options: [["--generate", "print the Dockerfile that a push makes where there is none"]],
  examples: ["mypaas check", "mypaas check web/Dockerfile -r prod", "mypaas check --generate"],
  run: check,
};

/** `mypaas check [Dockerfile|DIR] [-r NAME]`: reads one file, and asks a server only with `-r`; exit 1 when there is a problem. */
export async function check(args: CheckArgs, io: CommandIo): Promise<ExitCode> {
  const { findDockerfile, readDockerfile, readProcfile } =
    await import("../input/dockerfile-path.ts");
  const { parseDockerfile } = await import("../../core/dockerfile/parse.ts");
  if (args.generate === true) return showMade(args, io);
  const { file, name } = await findDockerfile(args.path, io.world.cwd, "check");
  const bytes = await readDockerfile(file, name);
  const parsed = parseDockerfile(bytes, name, undefined, await readProcfile(file, io.world.cwd));
  const { spec, problems } = parsed;
  const { remote, key } = args;
  const isAsked = spec !== undefined && remote !== undefined;
  const asked = { spec, file: name, text: new TextDecoder().decode(bytes) };
  const opinion = isAsked ? await askServer({ ...asked, spec }, { remote, key }, io) : undefined;
  const refusals = opinion?.refusals;
  const warnings = [...parsed.warnings, ...(opinion?.warnings ?? [])];
  const { reportCheck } = await import("../output/check-report.ts");
  io.answer(reportCheck(name, { ...parsed, warnings }, opinion), {
    file: name,
    spec: spec ?? null,
    problems,
    warnings,
    ...(refusals && { refusals }),
  });
  return spec === undefined || (refusals ?? []).length > 0 ? 1 : 0;
}

/** The Dockerfile alone on stdout, so that it can be written to a file. */
async function showMade({ path }: CheckArgs, io: CommandIo): Promise<ExitCode> {
  const { folderWithoutDockerfile, findDockerfile } = await import("../input/dockerfile-path.ts");
  const { makeDockerfile } = await import("../push/make-dockerfile.ts");
  const { parseDockerfile } = await import("../../core/dockerfile/parse.ts");
  const { cwd } = io.world;
  if ((await folderWithoutDockerfile(path, cwd)) === undefined) {
    const { name } = await findDockerfile(path, cwd, "check");
    throw new UserError(`${name}: is there, so a push makes none`, {
      code: "dockerfile-there",
      hint: hint`check it: ${command("check")}`,
    });
  }
  const { dockerfile, dockerignore, what, notes } = await makeDockerfile(resolve(cwd, path ?? "."));
  for (const text of notes) io.say({ kind: "warning", text });
  const {
    spec = null,
    problems,
    warnings,
  } = parseDockerfile(Buffer.from(dockerfile), "Dockerfile");
  const made = { what, dockerfile, dockerignore };
  io.answer(dockerfile.trimEnd(), { file: "Dockerfile", spec, problems, warnings, made });
  return 0;
}

interface Asked {
  readonly spec: ServiceSpec;
  readonly file: string;
  readonly text: string;
}

/** Only by name: MYPAAS_REMOTE is for what cannot do without a server. */
async function askServer({ spec, file, text }: Asked, options: ServerOptions, io: CommandIo) {
  const { refusedRoutes } = await import("../../core/release/server-refusals.ts");
  const { beyondBuilder } = await import("../../core/dockerfile/syntax.ts");
  const { scanDockerfile } = await import("../../core/dockerfile/comments.ts");
  return withServer(options, io, async ({ place, ask }) => {
    const info = await ask({ action: "server.info" });
    const { builder } = info;
    const beyond = builder === undefined ? [] : beyondBuilder(scanDockerfile(text), builder);
    return {
      place,
      refusals: refusedRoutes(spec.routes, info, spec.slug),
      warnings: beyond.map((one) => ({ file, column: 1, ...one })),
    };
  });
}
