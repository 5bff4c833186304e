import type { CommandFile } from "../command-builder.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { buildOptions, type BuildArgs } from "../push/options.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { command, hint } from "../../core/hints.ts";

export interface DeployArgs extends BuildArgs {
  readonly path?: string | undefined;
  readonly runDir?: string | undefined;
}

export const declaration: CommandFile = {
  options: [
    ...buildOptions,
    ["--run-dir <dir>", "where the worker's socket is (default: /run/mypaas)"],
  ],
  examples: ["sudo mypaas deploy", "sudo mypaas deploy web/Dockerfile"],
  run: deploy,
};

/** `mypaas deploy [PATH]`: a push to this host's own worker. */
export async function deploy(args: DeployArgs, io: CommandIo): Promise<ExitCode> {
  const { connectLocal } = await import("../connect/connect.ts");
  const { findDockerfile } = await import("../input/dockerfile-path.ts");
  const { pushOptions } = await import("../push/push-context.ts");
  const { optionsAgain, runPush } = await import("../push/run-push.ts");
  const runDir = option("--run-dir", args.runDir);
  const wanted = {
    dockerfile: await findDockerfile(args.path, io.world.cwd, "deploy"),
    context: args.context,
    options: pushOptions(args),
    connect: () =>
      connectLocal(io, {
        runDir: args.runDir,
        elsewhere: hint`send it to a server: ${command("push")}`,
      }),
    again: commandLine("mypaas", "deploy", args.path, ...optionsAgain(args), ...runDir),
  };
  return runPush(wanted, io);
}
