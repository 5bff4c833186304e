import { readRemotes } from "../../adapters/remotes.ts";
import { UserError } from "../../core/errors.ts";
import { connect } from "../connect.ts";
import { findDockerfile } from "../dockerfile-path.ts";
import type { CommandIo, ExitCode } from "../io.ts";
import { pushStory } from "../push-story.ts";

export interface PushArgs {
  /** The first word: a remote when it names one, else the path. */
  readonly first?: string | undefined;
  readonly path?: string | undefined;
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
  readonly context?: string | undefined;
  readonly pull: boolean;
  /** False with `--no-cache`. */
  readonly cache: boolean;
}

/** `mypaas push [REMOTE] [PATH]`. */
export async function push(args: PushArgs, io: CommandIo): Promise<ExitCode> {
  const { remote, path } = await chooseRemote(args, io);
  const dockerfile = await findDockerfile(path, io.world.cwd);
  const words = ["mypaas push", args.first, args.path, args.remote && `-r ${args.remote}`];
  const story = {
    dockerfile,
    context: args.context,
    options: { pull: args.pull, noCache: !args.cache },
    connect: () => connect(io, remote, { key: args.key }),
    again: words.filter(Boolean).join(" "),
  };
  return pushStory(story, io);
}

async function chooseRemote({ first, path, remote }: PushArgs, io: CommandIo) {
  if (remote !== undefined) return { remote, path: first ?? path };
  const names = (await readRemotes(io.world)).map((known) => known.name);
  if (first !== undefined && (names.includes(first) || path !== undefined))
    return { remote: first, path };
  const chosen = io.world.env["MYPAAS_REMOTE"]?.trim() || names[0];
  if (chosen !== undefined) return { remote: chosen, path: first };
  throw new UserError("push: no remote is known here", {
    code: "no-remote",
    hint: "add one with the line that mypaas init printed, in quotes: mypaas remote add prod 'https://…'",
  });
}
