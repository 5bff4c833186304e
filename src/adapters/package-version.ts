import { readFile } from "node:fs/promises";
import { object, text } from "../core/stored/shape.ts";
import { readStored } from "../core/stored/stored.ts";
import type { World } from "../core/world.ts";

const packageShape = object<{ readonly version: string }, "version">({ version: text });

/** The version in package.json. */
export async function packageVersion({ packageRoot }: Pick<World, "packageRoot">): Promise<string> {
  const file = `${packageRoot}/package.json`;
  const thing = { name: file, hint: "install it again: npm install -g mypaas" };
  return readStored(await readFile(file, "utf8"), packageShape, thing).version;
}
