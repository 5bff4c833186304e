import { resolve } from "node:path";
import { didYouMean } from "../../core/dockerfile/did-you-mean.ts";
import { UserError } from "../../core/errors.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import {
  optionsAgain,
  pushOptions,
  sendOptions,
  serviceOf,
  type BuildArgs,
} from "../push/options.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { command, hint } from "../../core/hints.ts";

export interface PushArgs extends ServerOptions, BuildArgs {
  /** The first word: a remote when it names one, else the path. */
  readonly first?: string | undefined;
}

export const declaration: CommandFile = {
  options: sendOptions,
  examples: ["mypaas push", "mypaas push prod services/web/Dockerfile"],
  named: ["first", "path"],
  run: push,
};

/** `mypaas push [REMOTE] [PATH]`. */
export async function push(args: PushArgs, io: CommandIo): Promise<ExitCode> {
  const { connect } = await import("../connect/connect.ts");
  const { findDockerfile } = await import("../input/dockerfile-path.ts");
  const { openFolder } = await import("../push/push-context.ts");
  const { runPush } = await import("../push/run-push.ts");
  const { remote, path } = await chooseRemote(args, io);
  const { file: dockerfile } = await findDockerfile(path, io.world.cwd, "push");
  const { first, path: second } = args;
  const more = [...option("-r", args.remote), ...option("--key", args.key), ...optionsAgain(args)];
  const source = {
    dockerfile,
    context: args.context,
    options: pushOptions(args),
    ...serviceOf(args),
  };
  const wanted = {
    open: () => openFolder(source, io),
    connect: () => connect(io, { remote, key: args.key }),
    again: commandLine("mypaas", "push", first, second, ...more),
  };
  return runPush(wanted, io);
}

async function chooseRemote({ first, path, remote }: PushArgs, io: CommandIo) {
  if (remote !== undefined && path !== undefined) throw oneTooMany(remote, path);
  if (remote !== undefined) return { remote, path: first };
  const { isThere } = await import("../../adapters/files.ts");
  const { isRemoteName, readRemotes } = await import("../../adapters/laptop/remotes.ts");
  const { world } = io;
  const names = (await readRemotes(world)).map((known) => known.name);
  const isRemote = first !== undefined && (names.includes(first) || first.includes("://"));
  if (first !== undefined && (isRemote || path !== undefined)) return { remote: first, path };
  if (first !== undefined && isRemoteName(first) && !(await isThere(resolve(world.cwd, first))))
    throw unknownWord(first, names);
  const chosen = world.env["MYPAAS_REMOTE"]?.trim() || names[0];
  if (chosen !== undefined) return { remote: chosen, path: first };
  throw new UserError("push: no remote is known here", {
    code: "no-remote",
    hint: hint`add one with the line that ${command("init")} printed, in quotes: ${command("remote add prod 'https://…'")}`,
  });
}

const oneTooMany = (remote: string, word: string): UserError =>
  new UserError(`push: one word too many, ${JSON.stringify(word)}`, {
    code: "usage",
    hint: `with -r, give only the path: ${commandLine("mypaas", "push", "-r", remote, word)}`,
  });

function unknownWord(word: string, names: readonly string[]): UserError {
  const near = didYouMean(word, names);
  return new UserError(`push: no remote and no file is called ${JSON.stringify(word)}`, {
    code: "no-remote",
    hint:
      near === undefined
        ? hint`list the remotes: ${command("remote list")}`
        : hint`did you mean: ${command(`push ${near}`)}`,
  });
}
