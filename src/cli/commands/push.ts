import { resolve } from "node:path";
import { didYouMean } from "../../core/dockerfile/did-you-mean.ts";
import { UserError } from "../../core/errors.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { imageOption, optionsAgain, sendOptions, type BuildArgs } from "../push/options.ts";
import { commandLine, option } from "../output/shell-words.ts";
import { command, hint } from "../../core/hints.ts";

export interface PushArgs extends ServerOptions, BuildArgs {
  /** The first word: a remote when it names one, else the path. */
  readonly first?: string | undefined;
  /** `--image`: an image instead of a folder. */
  readonly image?: string | undefined;
}

export const declaration: CommandFile = {
  options: [...sendOptions, imageOption],
  examples: [
    "mypaas push",
    "mypaas push prod services/web/Dockerfile",
    "git archive HEAD | mypaas push prod -",
    "mypaas push prod --image ann/web:2",
  ],
  named: ["first", "path"],
  run: push,
};

/** `mypaas push [REMOTE] [PATH]`, or `mypaas push [REMOTE] --image IMAGE [NAME]`. */
export async function push(args: PushArgs, io: CommandIo): Promise<ExitCode> {
  if (args.image !== undefined) return pushImage(args, args.image, io);
  const { connect } = await import("../connect/connect.ts");
  const { openPush } = await import("../push/open-push.ts");
  const { runPush } = await import("../push/run-push.ts");
  const { remote, path } = await chooseRemote(args, io);
  const { first, path: second } = args;
  const more = [...option("-r", args.remote), ...option("--key", args.key), ...optionsAgain(args)];
  const wanted = {
    open: await openPush(path, args, "push", io),
    connect: () => connect(io, { remote, key: args.key }),
    again: commandLine("mypaas", "push", first, second, ...more),
  };
  return runPush(wanted, io);
}

/** What the server can run is known before the image is read, which may take long. */
async function pushImage(args: PushArgs, image: string, io: CommandIo): Promise<ExitCode> {
  const { connect } = await import("../connect/connect.ts");
  const { openImagePush } = await import("../push/open-push.ts");
  const { runPush } = await import("../push/run-push.ts");
  const { remote, path: name } = await chooseRemote(args, io);
  const open = openImagePush({ image, name, args, commandName: "push" }, io);
  const { first, path: second } = args;
  const more = [...option("-r", args.remote), ...option("--key", args.key), ...optionsAgain(args)];
  const connection = await connect(io, { remote, key: args.key });
  try {
    const wanted = {
      open: () => open(connection),
      connect: async () => connection,
      again: commandLine("mypaas", "push", first, second, ...option("--image", image), ...more),
    };
    return await runPush(wanted, io);
  } finally {
    await connection.close();
  }
}

async function chooseRemote({ first, path, remote, image }: PushArgs, io: CommandIo) {
  if (remote !== undefined && path !== undefined) throw oneTooMany(remote, path);
  if (remote !== undefined) return { remote, path: first };
  const { isThere } = await import("../../adapters/files.ts");
  const { isRemoteName, readRemotes } = await import("../../adapters/laptop/remotes.ts");
  const { world } = io;
  const names = (await readRemotes(world)).map((known) => known.name);
  const isRemote = first !== undefined && (names.includes(first) || first.includes("://"));
  if (first !== undefined && (isRemote || path !== undefined)) return { remote: first, path };
  const isWord = first !== undefined && image === undefined && isRemoteName(first);
  if (isWord && !(await isThere(resolve(world.cwd, first)))) throw unknownWord(first, names);
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
