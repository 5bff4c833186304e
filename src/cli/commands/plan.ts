import type { PlannedChanges, PushManifest } from "../../core/actions/push.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { withServer } from "../connect/ask.ts";
import { describePlan } from "../output/render-changes.ts";
import { buildOptions, imageOption, type BuildArgs } from "../push/options.ts";
import type { PushTexts } from "../push/push-context.ts";

interface PlanArgs extends ServerOptions, BuildArgs {
  /** `--image`: an image instead of a folder; the path is then the name of its service. */
  readonly image?: string | undefined;
}

export const declaration: CommandFile = {
  options: [...buildOptions, imageOption],
  examples: [
    "mypaas plan",
    "mypaas plan web/Dockerfile -r prod",
    "mypaas plan app.tar.gz -r prod",
    "mypaas plan --image ann/web:2 -r prod",
  ],
  run: plan,
};

/** `mypaas plan [PATH]`, or `mypaas plan --image IMAGE [NAME]`: what a push would change on the server, which is asked and changes nothing; 0 whether or not there is something to do. */
export async function plan(args: PlanArgs, io: CommandIo): Promise<ExitCode> {
  const { openImagePush, openPush } = await import("../push/open-push.ts");
  const { askWithManifest } = await import("../push/ask-older.ts");
  const { image, path } = args;
  const commandName = "plan";
  const open =
    image === undefined
      ? await opened(await openPush(path, args, commandName, io))
      : openImagePush({ image, name: path, args, commandName }, io);
  const planned = await withServer(args, io, async (connection) => {
    const { spec, first, texts } = await open(connection);
    first.tree.close();
    const { service } = spec;
    const wanted = (push: PushManifest) =>
      connection.begin({ action: "plan", service, push, ...decoded(texts) });
    return (await askWithManifest(first.push, wanted, io)).accepted.result as PlannedChanges;
  });
  io.answer(describePlan(planned), planned);
  return 0;
}

/** What lies here is read before a server is asked. */
async function opened<T>(open: () => Promise<T>): Promise<() => Promise<T>> {
  const read = await open();
  return async () => read;
}

function decoded({ dockerfile, procfile, config }: PushTexts) {
  const decode = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  return {
    text: decode(dockerfile),
    ...(procfile !== undefined && { procfile: decode(procfile) }),
    ...(config !== undefined && { config: decode(config) }),
  };
}
