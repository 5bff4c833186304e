import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { optionsAgain, sendOptions, type BuildArgs } from "../push/options.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { command, hint } from "../../core/hints.ts";

type DeployArgs = BuildArgs & Pick<ServerOptions, "runDir">;

export const declaration: CommandFile = {
  options: [
    ...sendOptions,
    ["--run-dir <dir>", "where the worker's socket is (default: /run/mypaas)"],
  ],
  examples: ["sudo mypaas deploy", "sudo mypaas deploy web/Dockerfile"],
  run: deploy,
};

/** `mypaas deploy [PATH]`: a push to this host's own worker. */
export async function deploy(args: DeployArgs, io: CommandIo): Promise<ExitCode> {
  const { connectLocal } = await import("../connect/connect.ts");
  const { openPush } = await import("../push/open-push.ts");
  const { runPush } = await import("../push/run-push.ts");
  const runDir = option("--run-dir", args.runDir);
  const wanted = {
    open: await openPush(args.path, args, "deploy", io),
    connect: () =>
      connectLocal(io, { runDir: args.runDir }, hint`send it to a server: ${command("push")}`),
    again: commandLine("mypaas", "deploy", args.path, ...optionsAgain(args), ...runDir),
  };
  return runPush(wanted, io);
}
