import { lstat, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { codeOf } from "../../adapters/files.ts";
import { maxDockerfileBytes } from "../../core/dockerfile/parse.ts";
import {
  maxProcfileBytes,
  procfileName,
  type ProcfileText,
} from "../../core/dockerfile/procfile.ts";
import { UserError } from "../../core/errors.ts";
import { plainText } from "../../core/terminal-text.ts";
import { commandLine } from "../output/shell-words.ts";
import { command, hint } from "../../core/hints.ts";

interface DockerfilePath {
  /** Absolute. */
  readonly file: string;
  /** As it was typed, for messages. */
  readonly name: string;
}

/** The Dockerfile that PATH means: the file itself, or the one in that folder. The hint names the command that was typed. */
export async function findDockerfile(
  path: string | undefined,
  cwd: string,
  commandName: string,
): Promise<DockerfilePath> {
  const start = path ?? ".";
  const typed = (await kindOf(start, cwd)) === "folder" ? join(start, "Dockerfile") : start;
  const name = plainText(typed);
  const kind = await kindOf(typed, cwd);
  if (kind === "file") return { file: resolve(cwd, typed), name };
  throw new UserError(`${name}: ${kind === "none" ? "no such file" : "not a file"}`, {
    code: "no-dockerfile",
    hint: hint`name the Dockerfile or its folder: ${command(`${commandName} path/to/Dockerfile`)}`,
  });
}

/** The folder, absolute, where PATH means one in which nothing is called Dockerfile; undefined for anything else. */
export async function folderWithoutDockerfile(
  path: string | undefined,
  cwd: string,
): Promise<string | undefined> {
  const start = path ?? ".";
  if ((await kindOf(start, cwd)) !== "folder") return undefined;
  return (await kindOf(join(start, "Dockerfile"), cwd)) === "none"
    ? resolve(cwd, start)
    : undefined;
}

/** What is in a Dockerfile; `name` is what messages call it. */
export async function readDockerfile(path: string, name: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === undefined) throw cause;
    const isForbidden = code === "EACCES" || code === "EPERM";
    throw new UserError(`${name}: ${isForbidden ? "permission denied" : `unreadable (${code})`}`, {
      code: "no-dockerfile",
      hint: `see its permissions: ${commandLine("ls", "-l", name)}`,
      cause,
    });
  }
}

/** The Procfile that belongs to a Dockerfile, or undefined: beside it, or at the top of a context that the Dockerfile is not in. */
export async function readProcfile(
  dockerfile: string,
  cwd: string,
  context?: string,
): Promise<ProcfileText | undefined> {
  const top = context === undefined ? dirname(dockerfile) : resolve(cwd, context);
  const isOutside = relative(top, dockerfile).startsWith("..");
  const path = join(isOutside ? top : dirname(dockerfile), procfileName);
  const file = shownPath(path, cwd);
  const facts = await lstat(path).catch(() => undefined);
  if (facts?.isFile() !== true) return undefined;
  if (facts.size > maxProcfileBytes)
    throw new UserError(`${file}: has ${facts.size} bytes, too many for a Procfile`, {
      code: "no-dockerfile",
    });
  return { bytes: await readDockerfile(path, file), file };
}

/** Relative to the current folder, where it is below it. */
function shownPath(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return plainText(short.startsWith("..") ? path : short);
}

async function kindOf(path: string, cwd: string): Promise<"file" | "folder" | "none" | "other"> {
  const name = plainText(path);
  const facts = await stat(resolve(cwd, path)).catch((cause: unknown) => {
    const code = codeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === undefined) throw cause;
    throw new UserError(`${name}: cannot be read (${code})`, { code: "no-dockerfile", cause });
  });
  if (facts === undefined) return "none";
  if (facts.isFile() && facts.size > maxDockerfileBytes)
    throw new UserError(`${name}: has ${facts.size} bytes, too many for a Dockerfile`, {
      code: "no-dockerfile",
    });
  if (facts.isDirectory()) return "folder";
  return facts.isFile() ? "file" : "other";
}
