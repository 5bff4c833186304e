import { Command, Option } from "commander";
import { didYouMean } from "../core/dockerfile/did-you-mean.ts";
import type { World } from "../core/world.ts";
import { commandFiles, commands, remoteHelp } from "./commands.ts";
import type {
  CommandFile,
  CommandIo,
  CommandPart,
  ExitCode,
  OptionRow,
  Program,
  Roles,
} from "./command.ts";

/** Runs the body of a command, with the output that its options ask for. */
export type Run = (body: (io: CommandIo) => ExitCode | Promise<ExitCode>) => Promise<void>;

/** The program with every command, none of them loaded. */
export function makeProgram(
  world: Pick<World, "stdout" | "stderr">,
  roles: Roles,
  run: Run,
): Program {
  const root = withShared(new Command("mypaas"))
    .description("Turns your own server into a PaaS.")
    .exitOverride()
    .helpCommand(false)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: world.stdout.write,
      writeErr: world.stderr.write,
      getOutHelpWidth: () => Math.min(world.stdout.columns, 100),
    })
    .option("-V, --version", "print the version");
  for (const [name, [words, summary, how]] of Object.entries(commands))
    withShared(root.command(`${name} ${words}`, { hidden: how === "hidden" }).description(summary));
  const loaded = new Map<string, Promise<void>>();
  const program: Program = {
    root,
    roles,
    load: async (name = "") => {
      const made = root.commands.find((command) => command.name() === name);
      const file = commandFiles[name];
      if (made === undefined || file === undefined) return;
      const work =
        loaded.get(name) ??
        file().then(({ declaration }) => fill({ made, program, run }, declaration));
      loaded.set(name, work);
      await work;
    },
  };
  return program;
}

/** The options of every command, and a way out after wrong usage. */
const withShared = (command: Command): Command =>
  command
    .option("--json", "events and answers as JSON lines on stdout")
    .option("-q, --quiet", "no progress, only the answer, warnings and errors")
    .option("--verbose", "each request to a server, and the causes of an error, on stderr");

interface Filling {
  readonly made: Command;
  readonly program: Program;
  readonly run: Run;
}

function fill(filling: Filling, declaration: CommandFile): void {
  const { made } = filling;
  const remote = remoteHelp(made.name());
  const { commands: inner = [], ...part } = declaration;
  const isGroup = inner.length > 0;
  if (isGroup) made.helpCommand(false);
  // A group that does nothing alone needs no server.
  addPart(filling, part, isGroup && part.run === undefined ? undefined : remote);
  for (const one of inner) {
    const child = withShared(made.command(one.syntax).description(one.summary));
    addPart({ ...filling, made: child }, one, remote);
  }
  // Its commands would inherit it from here on.
  if (isGroup && part.run !== undefined) made.allowExcessArguments();
}

function addPart({ made, program, run }: Filling, part: CommandPart, remote?: string): void {
  if (remote !== undefined)
    made.option("-r, --remote <name>", remote).option("--key <file>", "the SSH key that signs");
  addOptions(made, part.options ?? []);
  if (part.choices !== undefined) made.registeredArguments[0]?.choices(part.choices);
  if (part.note !== undefined) made.addHelpText("after", `\n${part.note}`);
  const examples = (part.examples ?? []).map((line) => `  ${line}`);
  if (examples.length > 0) made.addHelpText("after", `\nExamples:\n${examples.join("\n")}`);
  made.showHelpAfterError(`hint: see how it is used: ${pathOf(made)} --help`);
  const { run: body } = part;
  if (body === undefined) return;
  const names = part.named ?? made.registeredArguments.map((argument) => argument.name());
  made.action(() => {
    if (made.commands.length > 0) refuseUnknown(made);
    const words = Object.fromEntries(names.map((name, at) => [name, made.processedArgs[at]]));
    // `mypaas cert -r prod list` has its options before its name.
    const args = { ...made.parent?.opts(), ...made.opts(), ...words };
    return run(async (io) => {
      const { serviceArgument } = await import("./input/arguments.ts");
      if (typeof words["service"] === "string") serviceArgument(words["service"], made.name());
      return body(args as never, io, program);
    });
  });
}

function addOptions(made: Command, rows: readonly OptionRow[]): void {
  for (const row of rows) {
    if (typeof row === "string") made.optionsGroup(row);
    else {
      const [flags, help, read] = row;
      const option = new Option(flags, help).hideHelp(help === undefined);
      made.addOption(read === undefined ? option : option.argParser(read));
    }
  }
}

const pathOf = (command: Command): string =>
  command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;

/** What commander says by itself of a group that does nothing alone. */
function refuseUnknown(group: Command): void {
  const [word] = group.args;
  if (word === undefined) return;
  const names = group.commands.map((command) => command.name());
  const near = didYouMean(word, names);
  const meant = near === undefined ? "" : `\n(Did you mean ${near}?)`;
  group.error(`error: unknown command '${word}'${meant}`, { code: "commander.unknownCommand" });
}
