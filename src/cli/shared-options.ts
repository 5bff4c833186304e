import type { Command } from "commander";

/** The options of every command. */
export const forAll = (command: Command): Command =>
  command
    .option("--json", "events and answers as JSON lines on stdout")
    .option("-q, --quiet", "no progress, only the answer, warnings and errors");

/** Options of commands that talk to a server. */
export const client = (
  command: Command,
  remote = "the server to talk to; without it this host's own worker",
): Command =>
  command.option("-r, --remote <name>", remote).option("--key <file>", "the SSH key that signs");

/** Options of commands that build an image. */
export const build = (command: Command): Command =>
  command
    .option("--context <dir>", "the files to send (default: here, or beside the Dockerfile)")
    .option("--pull", "look for newer base images")
    .option("--no-cache", "build every step again")
    .option("--take-from <service>", "take over routes that this service has now");

/** The examples at the end of a help text. */
export const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
