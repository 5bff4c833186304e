import type { Results } from "../../core/actions/actions.ts";
import type { CommandFile } from "../command-builder.ts";
import { ask, type ServerOptions } from "../connect/ask.ts";
import { describePlan } from "../output/render-changes.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { buildOptions, type BuildArgs } from "../push/options.ts";

export interface PlanArgs extends ServerOptions, BuildArgs {
  readonly path?: string | undefined;
}

export const declaration: CommandFile = {
  options: buildOptions,
  examples: ["mypaas plan", "mypaas plan web/Dockerfile -r prod"],
  run: plan,
};

/** `mypaas plan [PATH]`: what a push would change on the server, which is asked and changes nothing; 0 whether or not there is something to do. */
export async function plan(args: PlanArgs, io: CommandIo): Promise<ExitCode> {
  const { findDockerfile, readDockerfile } = await import("../input/dockerfile-path.ts");
  const { checkDockerfile, pushOptions, readContext } = await import("../push/push-context.ts");
  const dockerfile = await findDockerfile(args.path, io.world.cwd, "plan");
  const source = { dockerfile, context: args.context, options: pushOptions(args) };
  const service = await checkDockerfile(source, io);
  const { push } = await readContext(source, io);
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    await readDockerfile(dockerfile, dockerfile),
  );
  const result = await ask({ action: "plan", service, push, text }, args, io);
  const planned = result as Results["plan"];
  io.answer(describePlan(planned), planned);
  return 0;
}
