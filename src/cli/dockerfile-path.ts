import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../core/errors.ts";

/** The Dockerfile that PATH means: the file itself, or the one in that folder; absolute. */
export async function findDockerfile(path: string | undefined, cwd: string): Promise<string> {
  const start = resolve(cwd, path ?? ".");
  const file = (await kindOf(start)) === "folder" ? join(start, "Dockerfile") : start;
  if ((await kindOf(file)) === "file") return file;
  throw new UserError(`${file}: no such file`, {
    code: "no-dockerfile",
    hint: "name the Dockerfile or its folder: mypaas push path/to/Dockerfile",
  });
}

async function kindOf(path: string): Promise<"file" | "folder" | "none"> {
  try {
    const facts = await stat(path);
    if (facts.isDirectory()) return "folder";
    return facts.isFile() ? "file" : "none";
  } catch {
    return "none";
  }
}
