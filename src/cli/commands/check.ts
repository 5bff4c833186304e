import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  maxDockerfileBytes,
  parseDockerfile,
  type ParsedDockerfile,
} from "../../core/dockerfile/parse.ts";
import { UserError } from "../../core/errors.ts";
import { formatProblem } from "../../core/dockerfile/problems.ts";
import { describeSpec } from "../../core/dockerfile/spec-text.ts";
import { plainText } from "../../core/terminal-text.ts";
import { readDockerfile } from "../dockerfile-path.ts";
import type { CommandIo, ExitCode } from "../io.ts";

/** `mypaas check [Dockerfile|DIR]`: reads one file, asks nobody; exit 1 when there is a problem. */
export async function check(
  args: { readonly path?: string | undefined },
  io: CommandIo,
): Promise<ExitCode> {
  const file = await findDockerfile(args.path ?? ".", io.world.cwd);
  const name = plainText(file);
  const parsed = parseDockerfile(await readDockerfile(resolve(io.world.cwd, file), name), name);
  const { spec, problems, warnings } = parsed;
  io.answer(report(name, parsed), { file: name, spec: spec ?? null, problems, warnings });
  return spec === undefined ? 1 : 0;
}

function report(name: string, { spec, problems, warnings }: ParsedDockerfile): string {
  const lines = [...problems, ...warnings].flatMap((problem, index) => [
    `${index < problems.length ? "error" : "warning"}: ${formatProblem(problem)}`,
    ...(problem.hint === undefined ? [] : [`hint: ${problem.hint}`]),
  ]);
  const end = spec === undefined ? [] : [`${name}: fine`, ...describeSpec(spec)];
  return [...lines, ...end].join("\n");
}

async function findDockerfile(path: string, cwd: string): Promise<string> {
  const file = (await kindOf(path, cwd)) === "folder" ? join(path, "Dockerfile") : path;
  const name = plainText(file);
  const kind = await kindOf(file, cwd);
  if (kind === "none")
    throw new UserError(`${name}: no such file`, {
      code: "no-dockerfile",
      hint: "name the Dockerfile: mypaas check path/to/Dockerfile",
    });
  if (kind !== "file") throw new UserError(`${name}: not a file`, { code: "no-dockerfile" });
  return file;
}

async function kindOf(path: string, cwd: string): Promise<"file" | "folder" | "none" | "other"> {
  try {
    const facts = await stat(resolve(cwd, path));
    if (facts.isFile() && facts.size > maxDockerfileBytes)
      throw new UserError(
        `${plainText(path)}: has ${facts.size} bytes, too many for a Dockerfile`,
        {
          code: "no-dockerfile",
        },
      );
    if (facts.isDirectory()) return "folder";
    return facts.isFile() ? "file" : "other";
  } catch (error) {
    if (isNodeError(error) && ["ENOENT", "ENOTDIR"].includes(error.code ?? "")) return "none";
    throw isNodeError(error) ? unreadable(path, error) : error;
  }
}

function unreadable(path: string, error: NodeJS.ErrnoException): UserError {
  return new UserError(`${plainText(path)}: cannot be read (${error.code ?? "unknown"})`, {
    code: "no-dockerfile",
    cause: error,
  });
}

function isNodeError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}
