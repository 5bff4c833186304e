import { readFile } from "node:fs/promises";
import { UserError } from "../core/errors.ts";
import { seeInstall } from "../core/install.ts";
import type { World } from "../core/world.ts";

/** The version in package.json; UserError when the package is damaged. */
export async function packageVersion({ packageRoot }: Pick<World, "packageRoot">): Promise<string> {
  const file = `${packageRoot}/package.json`;
  try {
    const { version } = JSON.parse(await readFile(file, "utf8")) as { readonly version?: unknown };
    if (typeof version === "string") return version;
    throw new TypeError("no version");
  } catch (cause) {
    throw new UserError(`${file}: damaged: has no version`, {
      code: "damaged-state",
      hint: `install mypaas again, ${seeInstall}`,
      cause,
    });
  }
}
