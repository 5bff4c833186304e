import { connectLocal } from "../connect.ts";
import { findDockerfile } from "../dockerfile-path.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { pushStory } from "../push-story.ts";

export interface DeployArgs {
  readonly path?: string | undefined;
  readonly context?: string | undefined;
  readonly runDir?: string | undefined;
  readonly pull: boolean;
  /** False with `--no-cache`. */
  readonly cache: boolean;
}

/** `mypaas deploy [PATH]`: a push to this host's own worker. */
export async function deploy(args: DeployArgs, io: CommandIo): Promise<ExitCode> {
  const story = {
    dockerfile: await findDockerfile(args.path, io.world.cwd),
    context: args.context,
    options: { pull: args.pull, noCache: !args.cache },
    connect: () => connectLocal(io, { runDir: args.runDir }),
    again: ["mypaas deploy", args.path].filter(Boolean).join(" "),
  };
  return pushStory(story, io);
}
