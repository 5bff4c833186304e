import { join, resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import { plainText } from "../../core/terminal-text.ts";
import type { CommandFile, CommandIo, ExitCode } from "../command.ts";
import { commandLine } from "../output/shell-words.ts";

interface EjectArgs {
  readonly path?: string | undefined;
}

export const declaration: CommandFile = {
  examples: ["mypaas eject", "mypaas eject web"],
  note: "It never overwrites a file. A .dockerignore that is there stays as it is.",
  run: eject,
};

/** `mypaas eject [DIR]`: writes the Dockerfile that a push makes into the folder, where it then counts. */
export async function eject(
  { path }: EjectArgs,
  { world, say, answer }: CommandIo,
): Promise<ExitCode> {
  const { folderWithoutDockerfile } = await import("../input/dockerfile-path.ts");
  const { makeDockerfile } = await import("../push/make-dockerfile.ts");
  const { isThere, writeNew } = await import("../../adapters/files.ts");
  const typed = path ?? ".";
  const shown = (file: string) => plainText(join(typed, file));
  if ((await folderWithoutDockerfile(path, world.cwd)) === undefined)
    throw new UserError(`${shown("Dockerfile")}: is already there`, {
      code: "dockerfile-there",
      hint: hint`push with it: ${command("push")}`,
    });
  const folder = resolve(world.cwd, typed);
  const made = await makeDockerfile(folder);
  for (const text of made.notes) say({ kind: "warning", text });
  const hasIgnore = await isThere(join(folder, ".dockerignore"));
  if (!hasIgnore) await writeNew(join(folder, ".dockerignore"), made.dockerignore);
  await writeNew(join(folder, "Dockerfile"), made.dockerfile);
  const files = [shown("Dockerfile"), ...(hasIgnore ? [] : [shown(".dockerignore")])];
  const again = commandLine(
    "mypaas",
    "push",
    ...(path === undefined ? [] : [path, "--context", path]),
  );
  answer(`wrote ${files.join(" and ")} for ${made.what}; push with it: ${again}`, {
    files,
    what: made.what,
  });
  return 0;
}
