import type { CommandFile, CommandIo, ExitCode, Program } from "../command.ts";

export const declaration: CommandFile = {
  examples: ["mypaas help keys", "mypaas help remote add"],
  run: help,
};

async function help(
  { topic }: { readonly topic: readonly string[] },
  io: CommandIo,
  program: Program,
): Promise<ExitCode> {
  if (topic[0] === "keys" && topic.length === 1) return helpKeys(io);
  await program.load(topic[0]);
  let found = program.root;
  for (const word of topic) {
    const next = found.commands.find((one) => one.name() === word);
    if (!next) return program.root.error(`error: unknown command '${topic.join(" ")}'`);
    found = next;
  }
  found.outputHelp();
  return 0;
}

/** `mypaas help keys`: every key that a Dockerfile comment may set, in at most 80 columns. */
export async function helpKeys(io: CommandIo): Promise<ExitCode> {
  const { keysText } = await import("../../core/dockerfile/key-help.ts");
  const { keys } = await import("../../core/dockerfile/keys/table.ts");
  const table = keys.map(({ name, aliases = [], many = false, syntax, fallback, help: text }) => ({
    name,
    aliases,
    many,
    value: syntax,
    default: fallback,
    help: text,
  }));
  io.answer(keysText(Math.min(io.world.stdout.columns, 80)), { keys: table });
  return 0;
}
