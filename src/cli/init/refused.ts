import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";

/** The error for an option of init with a value that cannot be. */
export function refused(option: string, what: string, got: string): UserError {
  const text = got.length > 60 ? `${got.slice(0, 60)}…` : got;
  return new UserError(`--${option}: should be ${what}, got ${JSON.stringify(text)}`, {
    code: "usage",
    hint: hint`see all options: ${command("init --help")}`,
  });
}
