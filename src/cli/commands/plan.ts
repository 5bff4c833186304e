import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { describePlan } from "../output/render-changes.ts";
import { buildOptions, pushOptions, type BuildArgs } from "../push/options.ts";

type PlanArgs = ServerOptions & BuildArgs;

export const declaration: CommandFile = {
  options: buildOptions,
  examples: ["mypaas plan", "mypaas plan web/Dockerfile -r prod"],
  run: plan,
};

/** `mypaas plan [PATH]`: what a push would change on the server, which is asked and changes nothing; 0 whether or not there is something to do. */
export async function plan(args: PlanArgs, io: CommandIo): Promise<ExitCode> {
  const { findDockerfile, readDockerfile } = await import("../input/dockerfile-path.ts");
  const { checkDockerfile, readContext } = await import("../push/push-context.ts");
  const { file: dockerfile } = await findDockerfile(args.path, io.world.cwd, "plan");
  const source = { dockerfile, context: args.context, options: pushOptions(args) };
  const { service } = await checkDockerfile(dockerfile, io);
  const { push } = await readContext(source, io);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    await readDockerfile(dockerfile, dockerfile),
  );
  const planned = await ask({ action: "plan", service, push, text }, args, io);
  io.answer(describePlan(planned), planned);
  return 0;
}
