import { keysText } from "../../core/dockerfile/key-help.ts";
import { keys } from "../../core/dockerfile/keys/table.ts";
import type { CommandIo, ExitCode } from "../io.ts";

/** `mypaas help keys`: every key that a Dockerfile comment may set, in at most 80 columns. */
export function helpKeys(io: CommandIo): ExitCode {
  const table = keys.map(({ name, aliases = [], many = false, syntax, fallback, help }) => ({
    name,
    aliases,
    many,
    value: syntax,
    default: fallback,
    help,
  }));
  io.answer(keysText(Math.min(io.world.stdout.columns, 80)), { keys: table });
  return 0;
}
