import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { UserError } from "../core/errors.ts";
import { commandLine } from "./shell-words.ts";

/** The Dockerfile that PATH means: the file itself, or the one in that folder; absolute. `command` is the one that was typed, for the way out. */
export async function findDockerfile(
  path: string | undefined,
  cwd: string,
  command: string,
): Promise<string> {
  const start = resolve(cwd, path ?? ".");
  const file = (await kindOf(start)) === "folder" ? join(start, "Dockerfile") : start;
  if ((await kindOf(file)) === "file") return file;
  throw new UserError(`${file}: no such file`, {
    code: "no-dockerfile",
    hint: `name the Dockerfile or its folder: ${command} path/to/Dockerfile`,
  });
}

/** What is in a Dockerfile; `name` is what messages call it. */
export async function readDockerfile(path: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (code === "") throw cause;
    const isForbidden = code === "EACCES" || code === "EPERM";
    throw new UserError(
      `${name}: ${isForbidden ? "not readable for you" : `unreadable (${code})`}`,
      {
        code: "no-dockerfile",
        hint: `see who may read it: ${commandLine("ls", "-l", name)}`,
        cause,
      },
    );
  }
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
