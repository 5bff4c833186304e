import { realpath } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { readFolder } from "../../adapters/laptop/folder.ts";
import { generate, type MadeDockerfile } from "../../core/generate/generate.ts";
import { madeEvents, madeOr } from "../../core/generate/made.ts";
import type { CommandIo } from "../command.ts";
import { findDockerfile, folderWithoutDockerfile } from "../input/dockerfile-path.ts";
import { commandLine } from "../output/shell-words.ts";
import type { PushSource } from "./push-context.ts";

/** Makes the Dockerfile of a folder that has none; throws UserError with the one question where its files do not tell. `service` is a name that was given. */
export async function makeDockerfile(folder: string, service?: string): Promise<MadeDockerfile> {
  const name = service ?? basename(await realpath(folder).catch(() => folder));
  return madeOr(generate(await readFolder(folder), name));
}

/** Says that one was made; `typed` is the folder as it was typed, undefined for an archive. */
export function sayMade(
  made: MadeDockerfile,
  typed: readonly string[] | undefined,
  { say }: CommandIo,
): void {
  const ways =
    typed === undefined
      ? ""
      : `; see it: ${commandLine("mypaas", "check", "--generate", ...typed)}, keep it: ${commandLine("mypaas", "eject", ...typed)}`;
  for (const event of madeEvents(made, ways)) say(event);
}

interface Typed {
  readonly path?: string | undefined;
  readonly context?: string | undefined;
  readonly service?: string | undefined;
  readonly commandName: string;
}

/** What PATH means: the Dockerfile, or a folder without one, for which one is made and said. */
export async function findSource(
  { path, context, service, commandName }: Typed,
  io: CommandIo,
): Promise<Pick<PushSource, "dockerfile" | "context" | "made">> {
  const { cwd } = io.world;
  const own = await folderWithoutDockerfile(path, cwd);
  const folder = own && context !== undefined ? await folderWithoutDockerfile(context, cwd) : own;
  if (folder === undefined)
    return { dockerfile: (await findDockerfile(path, cwd, commandName)).file, context };
  const made = await makeDockerfile(folder, service);
  const typed = [context ?? path].flatMap((one) => one ?? []);
  sayMade(made, typed, io);
  return { dockerfile: join(folder, "Dockerfile"), context: resolve(cwd, folder), made };
}
