import { realpath } from "node:fs/promises";
import { codeOf } from "./files.ts";

/** A path once every link in it is followed; as it is where nothing is there yet. */
export async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return path;
    throw error;
  }
}
