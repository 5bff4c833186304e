import type { Argument, Command, Option } from "commander";
import type { Program } from "../command.ts";

/** What may stand at the cursor; a shell adds files or folders of its own. */
interface Completion {
  readonly words: readonly { readonly value: string; readonly help: string }[];
  readonly files?: "files" | "folders" | undefined;
}

type Words = Completion["words"];

/** Names that only this machine knows. */
export interface Names {
  readonly remotes: readonly string[];
  /** Of one remote; of all and of this host where none has been named yet. */
  readonly services: (remote: string | undefined) => Promise<readonly string[]>;
}

/** Decides what can follow, from the program itself; `typed` are the words after its name, the last one up to the cursor. */
export async function complete(
  program: Program,
  typed: readonly string[],
  names: Names,
): Promise<Completion> {
  const current = typed.at(-1) ?? "";
  const before = typed.slice(0, -1);
  await program.load(before.find((word) => !word.startsWith("-")));
  const start = { operands: [], pending: undefined, remote: undefined, isPlain: false };
  const place = before.reduce(step, { ...start, command: program.root });
  const found = await offers(program.root, place, current, names);
  return { ...found, words: found.words.filter(({ value }) => value.startsWith(current)) };
}

interface Place {
  readonly command: Command;
  /** Words so far that are neither options nor their values. */
  readonly operands: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  readonly remote: string | undefined;
  /** Behind `--` only operands come. */
  readonly isPlain: boolean;
}

function step(place: Place, word: string): Place {
  const { command, operands, pending } = place;
  if (pending) {
    // Bash takes `--remote=prod` for three words.
    if (word === "=") return place;
    const remote = pending.long === "--remote" ? word : place.remote;
    return { ...place, pending: undefined, remote };
  }
  if (place.isPlain) return { ...place, operands: [...operands, word] };
  if (word === "--") return { ...place, isPlain: true };
  if (word.startsWith("-")) {
    const option = command.options.find((one) => one.short === word || one.long === word);
    return option && !option.isBoolean() ? { ...place, pending: option } : place;
  }
  const inner = operands.length === 0 ? visible(command).find((one) => one.name() === word) : null;
  return inner ? { ...place, command: inner } : { ...place, operands: [...operands, word] };
}

async function offers(
  program: Command,
  { command, operands, pending, remote, isPlain }: Place,
  current: string,
  names: Names,
): Promise<Completion> {
  if (pending) return ofKind(kindOfOption(pending), remote, names);
  if (current.startsWith("-") && !isPlain) return { words: optionWords(command) };
  const inner = operands.length === 0 ? commandWords(command) : [];
  const expected = argumentsAt(command.registeredArguments, operands.length);
  const found = await Promise.all(
    expected.map(async (argument): Promise<Completion> => {
      if (argument.argChoices) return { words: named(argument.argChoices, "") };
      if (argument.name() === "topic") return { words: commandWords(program) };
      return ofKind(argument.name(), remote, names);
    }),
  );
  return {
    words: [...inner, ...found.flatMap(({ words }) => words)],
    files: found.find(({ files }) => files !== undefined)?.files,
  };
}

const fileKinds: Readonly<Record<string, Completion["files"]>> = {
  file: "files",
  path: "files",
  cert: "files",
  key: "files",
  dir: "folders",
};

/** What stands for a `<remote>`, a `<service>`, a `<file>` …. */
async function ofKind(kind: string, remote: string | undefined, names: Names): Promise<Completion> {
  if (kind === "remote") return { words: named(names.remotes, kind) };
  if (kind === "service") return { words: named(await names.services(remote), kind) };
  return { words: [], files: fileKinds[kind] };
}

/** The word in `<…>`, except that remotes are called by name everywhere. */
const kindOfOption = ({ long, flags }: Option): string =>
  long === "--remote" ? "remote" : (/[<[]([a-z-]+)/.exec(flags)?.[1] ?? "");

/** Of optional ones the next may be meant as well: `push [remote] [path]`. */
function argumentsAt(all: readonly Argument[], index: number): readonly Argument[] {
  const last = all.at(-1);
  const found = all[index] ?? (last?.variadic === true ? last : undefined);
  if (!found) return [];
  const next = all[index + 1];
  return !found.required && next && !found.variadic ? [found, next] : [found];
}

/** Commander keeps what is hidden only in its help. */
const visible = (command: Command): readonly Command[] =>
  command.createHelp().visibleCommands(command);

const commandWords = (command: Command): Words =>
  visible(command).map((one) => ({ value: one.name(), help: one.description() }));

const optionWords = (command: Command): Words =>
  command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({ value: option.long ?? option.short ?? "", help: option.description }));

const named = (values: readonly string[], help: string): Words =>
  values.map((value) => ({ value, help }));
