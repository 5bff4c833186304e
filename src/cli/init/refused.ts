import { UserError } from "../../core/errors.ts";
import { codeOf } from "../../adapters/files.ts";
import { type Hint, command, hint } from "../../core/hints.ts";

/** The error for an option of init with a value that cannot be. */
export function refused(option: string, what: string, got: string): UserError {
  const text = got.length > 60 ? `${got.slice(0, 60)}…` : got;
  return new UserError(`--${option}: should be ${what}, got ${JSON.stringify(text)}`, {
    code: "usage",
    hint: hint`see all options: ${command("init --help")}`,
  });
}

/** The error for a file that cannot be read; throws what is no error of the file system. */
export function unreadable(name: string, cause: unknown, hint: Hint): UserError {
  const code = codeOf(cause);
  if (cause instanceof UserError || code === undefined) throw cause;
  const why = code === "ENOENT" ? "does not exist" : `unreadable (${code})`;
  return new UserError(`${name}: ${why}`, { hint, cause });
}
