import type { PlannedChanges, PushManifest } from "../../core/actions/push.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { withServer } from "../connect/ask.ts";
import { describePlan } from "../output/render-changes.ts";
import { buildOptions, pushOptions, serviceOf, type BuildArgs } from "../push/options.ts";

type PlanArgs = ServerOptions & BuildArgs;

export const declaration: CommandFile = {
  options: buildOptions,
  examples: ["mypaas plan", "mypaas plan web/Dockerfile -r prod"],
  run: plan,
};

/** `mypaas plan [PATH]`: what a push would change on the server, which is asked and changes nothing; 0 whether or not there is something to do. */
export async function plan(args: PlanArgs, io: CommandIo): Promise<ExitCode> {
  const { findSource } = await import("../push/make-dockerfile.ts");
  const { checkSource, readContext } = await import("../push/push-context.ts");
  const found = await findSource({ ...args, commandName: "plan" }, io);
  const source = { ...found, options: pushOptions(args), ...serviceOf(args) };
  const { bytes, procfile: beside, spec } = await checkSource(source, io);
  const { service } = spec;
  const { askWithManifest } = await import("../push/ask-older.ts");
  const { tree, push } = await readContext(source, io);
  tree.close();
  const decode = (read: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(read);
  const text = decode(bytes);
  const procfile = beside && { procfile: decode(beside.bytes) };
  const planned = await withServer(args, io, async ({ begin }) => {
    const wanted = (asked: PushManifest) =>
      begin({ action: "plan", service, push: asked, text, ...procfile });
    return (await askWithManifest(push, wanted, io)).accepted.result as PlannedChanges;
  });
  io.answer(describePlan(planned), planned);
  return 0;
}
