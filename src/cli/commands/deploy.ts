import { connectLocal } from "../connect/connect.ts";
import { findDockerfile } from "../input/dockerfile-path.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { optionsAgain, pushOptions, pushStory } from "../push/run-push.ts";
import { commandLine, option } from "../output/shell-words.ts";

export interface DeployArgs {
  readonly path?: string | undefined;
  readonly context?: string | undefined;
  readonly runDir?: string | undefined;
  readonly pull?: boolean;
  /** False with `--no-cache`. */
  readonly cache: boolean;
  readonly takeFrom?: string | undefined;
}

/** `mypaas deploy [PATH]`: a push to this host's own worker. */
export async function deploy(args: DeployArgs, io: CommandIo): Promise<ExitCode> {
  const runDir = option("--run-dir", args.runDir);
  const story = {
    dockerfile: await findDockerfile(args.path, io.world.cwd, "mypaas deploy"),
    context: args.context,
    options: pushOptions(args),
    connect: () =>
      connectLocal(io, { runDir: args.runDir, elsewhere: "send it to a server: mypaas push" }),
    again: commandLine("mypaas", "deploy", args.path, ...optionsAgain(args), ...runDir),
  };
  return pushStory(story, io);
}
