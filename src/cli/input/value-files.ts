import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import { readAtMost } from "../../adapters/files.ts";
import type { CommandIo } from "../command.ts";

const maxBytes = 128 * 1024;

/** Reads a whole file as a value, byte for byte, `-` for stdin; throws UserError for one that is no text, which it does not show. */
export async function readValueFile(file: string, { world }: CommandIo): Promise<string> {
  const place = file === "-" ? "stdin" : file;
  const tooLong = () => bad(`${place}: more than ${maxBytes / 1024} KiB`, "give a smaller file");
  const bytes =
    file === "-"
      ? await readAtMost(world.stdin as AsyncIterable<Uint8Array>, maxBytes, tooLong)
      : await readFile(resolve(world.cwd, file)).catch((cause: unknown) => {
          throw bad(`${file}: not readable`, "name a file, or - for stdin", cause);
        });
  if (bytes.length > maxBytes) throw tooLong();
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    if (!text.includes("\0")) return text;
  } catch {
    // Not UTF-8.
  }
  throw bad(`${place}: not text`, `write it as text first: base64 -w0 ${place}`);
}

const bad = (message: string, hint: string, cause?: unknown): UserError =>
  new UserError(message, { code: "usage", hint, cause });
