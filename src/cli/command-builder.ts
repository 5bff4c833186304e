import { Command } from "commander";
import type { World } from "../core/world.ts";
import type { CommandIo, ExitCode } from "./io.ts";
import { forAll } from "./shared-options.ts";

/** Runs the body of a command, with the voice that its options ask for. */
export type Run = (body: (io: CommandIo) => ExitCode | Promise<ExitCode>) => Promise<void>;

/** Adds a command to the program or to one of its families. */
export type MakeCommand = (syntax: string, summary: string, parent?: Command) => Command;

/** The program without its commands. */
export function frame(world: Pick<World, "stdout" | "stderr">): Command {
  return forAll(new Command("mypaas"))
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
}

/** Makes commands that have what all have: the shared options, and a way out after wrong usage. */
export const commandMaker =
  (program: Command): MakeCommand =>
  (syntax, summary, parent = program) => {
    const path = `${parent.name()} ${syntax.split(" ")[0]}`.replace(/^(?!mypaas )/, "mypaas ");
    const made = forAll(parent.command(syntax).description(summary));
    return made.showHelpAfterError(`hint: see how it is used: ${path} --help`);
  };

/** Prints the help of a command, named by its words. */
export function showHelp(program: Command, topic: readonly string[]): void {
  let found = program;
  for (const word of topic) {
    const next = found.commands.find((command) => command.name() === word);
    if (!next) program.error(`error: unknown command '${topic.join(" ")}'`);
    found = next;
  }
  found.outputHelp();
}
