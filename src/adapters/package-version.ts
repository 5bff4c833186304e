import { readFile } from "node:fs/promises";
import { UserError } from "../core/errors.ts";
import type { World } from "../core/world.ts";

/** The version in package.json; UserError when the package is damaged. */
export async function packageVersion({ packageRoot }: Pick<World, "packageRoot">): Promise<string> {
  const file = `${packageRoot}/package.json`;
  const version = /"version": *"([^"]+)"/.exec(await readFile(file, "utf8"))?.[1];
  if (version !== undefined) return version;
  throw new UserError(`${file}: damaged: has no version`, {
    code: "damaged-state",
    hint: "install it again: npm install -g mypaas",
  });
}
