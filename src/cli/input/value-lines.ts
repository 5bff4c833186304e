import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { UserError } from "../../core/errors.ts";
import type { CommandIo } from "../command.ts";

/** More than any environment holds. */
const maxBytes = 1024 * 1024;
const valueLine = /^\s*(?:#.*|(?:export\s+)?[A-Za-z_][A-Za-z0-9_]{0,199}\s*=.*)?$/;

/** A dotenv file, as its text and as what is in it. */
export interface ValueLines {
  readonly text: string;
  readonly values: Readonly<Record<string, string>>;
}

/** Reads such a file, `-` for stdin; throws UserError when it cannot be read, or as `readLines` does. */
export async function readValues(file: string, { world }: CommandIo): Promise<ValueLines> {
  if (file === "-") return readLines(await readAll(world.stdin), "stdin");
  const text = await readFile(resolve(world.cwd, file), "utf8").catch((cause: unknown) => {
    throw bad(`${file}: not readable`, "name a file with lines NAME=VALUE, or - for stdin", cause);
  });
  return readLines(text, file);
}

/** The values of that text, read as Node reads one; throws UserError for a line that is none, which it does not show: it may be a secret. */
export function readLines(text: string, place: string): ValueLines {
  if (Buffer.byteLength(text) > maxBytes)
    throw bad(`${place}: more than ${maxBytes} bytes`, "give only what the service needs");
  // Quoted values may have several lines of their own.
  const plain = text.replaceAll(
    /=[ \t]*(["'`])[\s\S]*?\1/g,
    (quoted) => `=${quoted.replaceAll(/[^\n]/g, "").replaceAll("\n", "\n#")}`,
  );
  const wrong = plain.split(/\r?\n/).findIndex((line) => !valueLine.test(line));
  if (wrong >= 0)
    throw bad(
      `${place}:${wrong + 1}: should be NAME=VALUE`,
      "correct the line, or begin it with #",
    );
  const values = parseEnv(text) as ValueLines["values"];
  if (Object.keys(values).length > 0) return { text, values };
  throw bad(`${place}: holds no values`, "write one NAME=VALUE on each line");
}

async function readAll(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    chunks.push(bytes);
    length += bytes.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

const bad = (message: string, hint: string, cause?: unknown): UserError =>
  new UserError(message, { code: "usage", hint, cause });
