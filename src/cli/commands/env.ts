import { UserError } from "../../core/errors.ts";
import type { Action, Results } from "../../core/actions/actions.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { jobCommand } from "../connect/job-command.ts";
import { readValueFile } from "../input/value-files.ts";
import { readValues } from "../input/value-lines.ts";
import { isSecretName } from "../../core/release/values.ts";
import { command, hint } from "../../core/hints.ts";
import { newContainers } from "../new-containers.ts";

export interface EnvArgs extends ServiceArgs {
  /** Nothing or `list`; `set K=V…`; `unset K…`. */
  readonly words: readonly string[];
  /** `-f FILE`: more values for set, `-` for stdin. */
  readonly file?: string | undefined;
  /** `--from-file NAME=FILE`, maybe several. */
  readonly fromFile?: readonly string[] | undefined;
  /** `--secret`: no environment variable. */
  readonly secret?: boolean | undefined;
  /** `--next-push`: no release now. */
  readonly nextPush?: boolean | undefined;
  /** The old name of `--next-push`. */
  readonly stage?: boolean | undefined;
}

const collect = (word: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  word,
];

export const declaration: CommandFile = {
  note: newContainers,
  options: [
    ["-f, --file <file>", "with set: lines NAME=VALUE of a file, - for stdin"],
    ["--from-file <name=file>", "with set: a whole file as the value, - for stdin", collect],
    [
      "--secret",
      "with set: for RUN --mount=type=secret and mypaas.secret, never an environment variable",
    ],
    ["--next-push", "apply it with the next push, without a release now"],
    ["--stage"],
  ],
  examples: [
    "mypaas env web -r prod",
    "mypaas env web set DATABASE_URL=… LOG=debug -r prod",
    "mypaas env web set -f .env.production --next-push -r prod",
    "mypaas env web set NPM_TOKEN=… --secret -r prod",
    "mypaas env web set --from-file TLS_KEY=key.pem --secret -r prod",
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
  const lines = list.env.map((one) =>
    `${one.name}  (${one.fingerprint})  ${describeUse(one)}`.trimEnd(),
  );
  io.answer(lines.join("\n") || `${action.service} has no variables set here`, list);
  return 0;
}

/** Older servers do not say what a value is for. */
function describeUse({ use, paths = [] }: Results["env.list"]["env"][number]): string {
  if (use === undefined) return "";
  const words = { environment: "environment", build: "secret for builds", file: "secret" } as const;
  return [words[use], ...paths.map((path) => `file ${path}`)].join(", ");
}

type EnvAction = Extract<Action, { action: `env.${string}` }>;
type EnvChange = Exclude<EnvAction, { action: "env.list" }>;

async function readAction(
  { service, words, nextPush = false, stage = false, ...args }: EnvArgs,
  io: CommandIo,
): Promise<EnvAction> {
  const { file, fromFile = [], secret = false } = args;
  const [verb = "list", ...rest] = words;
  const later = nextPush || stage ? { stage: true } : {};
  const isAlone = file === undefined && fromFile.length === 0 && !secret;
  if (verb === "list" && rest.length === 0 && isAlone) return { action: "env.list", service };
  if (verb === "set" && (rest.length > 0 || file !== undefined || fromFile.length > 0)) {
    refuseStdinTwice([file, ...fromFile.map((word) => word.replace(/^[^=]*=/, ""))]);
    const lines = file === undefined ? {} : (await readValues(file, io)).values;
    const pairs = [...fromFile.map((word) => readFilePair(word)), ...rest.map(readPair)];
    const given = await Promise.all(
      pairs.map(async ({ name, value, from }) => [
        name,
        from === undefined ? value : await readValueFile(from, io),
      ]),
    );
    const set = { ...lines, ...(Object.fromEntries(given) as Readonly<Record<string, string>>) };
    return { action: "env.set", service, set, ...(secret && { secret }), ...later };
  }
  if (verb === "unset" && rest.length > 0 && isAlone)
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

/** A value, or the file that it is read from. */
interface Pair {
  readonly name: string;
  readonly value: string;
  readonly from?: string;
}

/** The word itself is not in the message: it may be a secret whose name was forgotten. */
function readPair(word: string, index: number): Pair {
  const at = word.indexOf("=");
  if (at > 0 && isSecretName(word.slice(0, at)))
    return { name: word.slice(0, at), value: word.slice(at + 1) };
  throw new UserError(`env set: word ${index + 1} should be NAME=VALUE`, {
    code: "usage",
    hint: "begin it with a name of letters, digits and _",
  });
}

function refuseStdinTwice(files: readonly (string | undefined)[]): void {
  if (files.filter((file) => file === "-").length < 2) return;
  throw new UserError("env set: stdin can be read only once", {
    code: "usage",
    hint: "name a file for all but one of them",
  });
}

function readFilePair(word: string): Pair {
  const at = word.indexOf("=");
  const [name, from] = [word.slice(0, Math.max(at, 0)), word.slice(at + 1)];
  if (isSecretName(name) && from !== "") return { name, value: "", from };
  throw new UserError("env set: --from-file should be NAME=FILE", {
    code: "usage",
    hint: "begin it with the name of the value, such as: --from-file TLS_KEY=key.pem",
  });
}

function readName(word: string): string {
  if (isSecretName(word)) return word;
  throw new UserError(`env unset: not a name of a variable: ${JSON.stringify(word)}`, {
    code: "usage",
    hint: "name it without a value",
  });
}

function describe(action: EnvChange, result: unknown): string {
  const { service } = action;
  if (action.action === "env.set") {
    const { set, takesEffect } = result as Results["env.set"];
    if (takesEffect === "next push")
      return `set ${set.join(", ")} as a secret of ${service}; its next push has it`;
    return `set ${set.join(", ")} for ${service}; its next release has it`;
  }
  const { unset, takesEffect } = result as Results["env.unset"];
  const next = takesEffect === "next push" ? "push" : "release";
  const removed = `removed ${unset.join(", ")} from ${service}; its next ${next} is without it`;
  const gone = action.names.filter((name) => !unset.includes(name));
  return [
    ...(unset.length > 0 ? [removed] : []),
    ...gone.map((name) => `${name} is not set for ${service}`),
  ].join("\n");
}
