import { readFile } from "node:fs/promises";
import type { World } from "../core/world.ts";

/** The version in package.json. */
export async function packageVersion({ packageRoot }: Pick<World, "packageRoot">): Promise<string> {
  const text = await readFile(`${packageRoot}/package.json`, "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
