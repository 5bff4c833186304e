import { realpath } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { readFolder } from "../../adapters/laptop/folder.ts";
import { UserError } from "../../core/errors.ts";
import { generate, type MadeDockerfile } from "../../core/generate/generate.ts";

/** Makes the Dockerfile of a folder that has none; throws UserError with the one question where its files do not tell. `service` is a name that was given. */
export async function makeDockerfile(
  path: string,
  cwd: string,
  service?: string,
): Promise<MadeDockerfile> {
  const folder = resolve(cwd, path);
  const name = service ?? basename(await realpath(folder).catch(() => folder));
  const outcome = generate(await readFolder(folder), name);
  if (outcome.kind === "made") return outcome;
  throw new UserError(outcome.question, { code: "no-dockerfile", hint: outcome.hint });
}
