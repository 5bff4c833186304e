import { knownServices } from "../../adapters/laptop/known-services.ts";
import { readRemotes } from "../../adapters/laptop/remotes.ts";
import type { CommandFile, CommandIo, ExitCode, Program } from "../command.ts";
import { complete, type Names } from "../completion/complete.ts";

export const declaration: CommandFile = { run: completeWords };

/** What the scripts ask at each TAB: a line `files`, `folders` or `-`, then one line per word with its help behind a tab. Asks no server and no passphrase. */
async function completeWords(
  { words }: { readonly words: readonly string[] },
  io: CommandIo,
  program: Program,
): Promise<ExitCode> {
  const found = await complete(program, words, await namesHere(io));
  const lines = found.words.map(({ value, help }) => (help === "" ? value : `${value}\t${help}`));
  io.world.stdout.write(`${[found.files ?? "-", ...lines].join("\n")}\n`);
  return 0;
}

async function namesHere({ world }: CommandIo): Promise<Names> {
  // In the middle of a word there is no place for an error.
  const remotes = (await readRemotes(world).catch(() => [])).map(({ name }) => name);
  return {
    remotes,
    services: async (remote) => {
      const chosen = remote ?? world.env["MYPAAS_REMOTE"]?.trim();
      const places = chosen === undefined || chosen === "" ? [undefined, ...remotes] : [chosen];
      const all = await Promise.all(places.map((place) => knownServices(world, place)));
      return [...new Set(all.flat())].toSorted();
    },
  };
}
