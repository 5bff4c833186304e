import { realpath } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { readFolder } from "../../adapters/laptop/folder.ts";
import { UserError } from "../../core/errors.ts";
import { generate, type MadeDockerfile } from "../../core/generate/generate.ts";
import type { CommandIo } from "../command.ts";
import { findDockerfile, folderWithoutDockerfile } from "../input/dockerfile-path.ts";
import { commandLine } from "../output/shell-words.ts";
import type { PushSource } from "./push-context.ts";

/** Makes the Dockerfile of a folder that has none; throws UserError with the one question where its files do not tell. `service` is a name that was given. */
export async function makeDockerfile(folder: string, service?: string): Promise<MadeDockerfile> {
  const name = service ?? basename(await realpath(folder).catch(() => folder));
  const outcome = generate(await readFolder(folder), name);
  if (outcome.kind === "made") return outcome;
  throw new UserError(outcome.question, { code: "no-dockerfile", hint: outcome.hint });
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
  { world, say }: CommandIo,
): Promise<Pick<PushSource, "dockerfile" | "context" | "made">> {
  const { cwd } = world;
  const own = await folderWithoutDockerfile(path, cwd);
  const folder = own && context !== undefined ? await folderWithoutDockerfile(context, cwd) : own;
  if (folder === undefined)
    return { dockerfile: (await findDockerfile(path, cwd, commandName)).file, context };
  const made = await makeDockerfile(folder, service);
  const typed = [context ?? path].flatMap((one) => one ?? []);
  const see = commandLine("mypaas", "check", "--generate", ...typed);
  const keep = commandLine("mypaas", "eject", ...typed);
  say({
    kind: "note",
    text: `no Dockerfile: made one for ${made.what}; see it: ${see}, keep it: ${keep}`,
  });
  for (const text of made.notes) say({ kind: "warning", text });
  return { dockerfile: join(folder, "Dockerfile"), context: resolve(cwd, folder), made };
}
