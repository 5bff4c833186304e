import { UserError } from "../../core/errors.ts";
import type { Action, Results } from "../../core/actions/actions.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { jobCommand } from "../connect/job-command.ts";
import { readValues } from "../input/value-lines.ts";
import { command, hint } from "../../core/hints.ts";
import { newContainers } from "../new-containers.ts";

export interface EnvArgs extends ServiceArgs {
  /** Nothing or `list`; `set K=V…`; `unset K…`. */
  readonly words: readonly string[];
  /** `-f FILE`: more values for set, `-` for stdin. */
  readonly file?: string | undefined;
  /** `--next-push`: no release now. */
  readonly nextPush?: boolean | undefined;
  /** The old name of `--next-push`. */
  readonly stage?: boolean | undefined;
}

export const declaration: CommandFile = {
  note: newContainers,
  options: [
    ["-f, --file <file>", "with set: lines NAME=VALUE of a file, - for stdin"],
    ["--next-push", "apply it with the next push, without a release now"],
    ["--stage"],
  ],
  examples: [
    "mypaas env web -r prod",
    "mypaas env web set DATABASE_URL=… LOG=debug -r prod",
    "mypaas env web set -f .env.production --next-push -r prod",
    "mypaas env web unset LOG -r prod",
  ],
  run: env,
};

/** `mypaas env SERVICE [list | set K=V… | unset K…]`; values go to the server and never come back. A release with them starts at once, or with `--next-push` at the next push. */
export async function env(args: EnvArgs, io: CommandIo): Promise<ExitCode> {
  const action = await readAction(args, io);
  if (action.action !== "env.list") {
    const onResult = (result: unknown) =>
      io.answer(describe(action, result), result as Results[EnvChange["action"]]);
    return jobCommand({ ...args, action, onResult }, io);
  }
  const list = await ask(action, args, io);
  const lines = list.env.map(({ name, fingerprint }) => `${name}  (${fingerprint})`);
  io.answer(lines.join("\n") || `${action.service} has no variables set here`, list);
  return 0;
}

type EnvAction = Extract<Action, { action: `env.${string}` }>;
type EnvChange = Exclude<EnvAction, { action: "env.list" }>;

async function readAction(
  { service, words, file, nextPush = false, stage = false }: EnvArgs,
  io: CommandIo,
): Promise<EnvAction> {
  const [verb = "list", ...rest] = words;
  const later = nextPush || stage ? { stage: true } : {};
  if (verb === "list" && rest.length === 0 && file === undefined)
    return { action: "env.list", service };
  if (verb === "set" && (rest.length > 0 || file !== undefined)) {
    const lines = file === undefined ? {} : (await readValues(file, io)).values;
    const set = { ...lines, ...Object.fromEntries(rest.map(readPair)) };
    return { action: "env.set", service, set, ...later };
  }
  if (verb === "unset" && rest.length > 0 && file === undefined)
    return { action: "env.unset", service, names: rest.map(readName), ...later };
  if (verb === "get")
    throw new UserError(`env ${service}: the server does not give values back`, {
      code: "usage",
      hint: hint`compare fingerprints: ${command(`env ${service}`)}, or set it again`,
    });
  throw new UserError(`env ${service}: not understood: ${JSON.stringify(verb)}`, {
    code: "usage",
    hint: hint`say what to do: ${command(`env ${service} set NAME=VALUE`)}`,
  });
}

/** The word itself is not in the message: it may be a secret whose name was forgotten. */
function readPair(word: string, index: number): readonly [string, string] {
  const at = word.indexOf("=");
  if (at > 0 && isName(word.slice(0, at))) return [word.slice(0, at), word.slice(at + 1)];
  throw new UserError(`env set: word ${index + 1} should be NAME=VALUE`, {
    code: "usage",
    hint: "begin it with a name of letters, digits and _",
  });
}

function readName(word: string): string {
  if (isName(word)) return word;
  throw new UserError(`env unset: not a name of a variable: ${JSON.stringify(word)}`, {
    code: "usage",
    hint: "name it without a value",
  });
}

const isName = (text: string): boolean => /^[A-Za-z_][A-Za-z0-9_]{0,199}$/.test(text);

function describe(action: EnvChange, result: unknown): string {
  const { service } = action;
  if (action.action === "env.set") {
    const { set } = result as Results["env.set"];
    return `set ${set.join(", ")} for ${service}; its next release has it`;
  }
  const { unset } = result as Results["env.unset"];
  const removed = `removed ${unset.join(", ")} from ${service}; its next release is without it`;
  const gone = action.names.filter((name) => !unset.includes(name));
  return [
    ...(unset.length > 0 ? [removed] : []),
    ...gone.map((name) => `${name} is not set for ${service}`),
  ].join("\n");
}
