import { UserError } from "../../core/errors.ts";
import { command, hint } from "../../core/hints.ts";
import type { World } from "../../core/world.ts";
import { askSecret } from "./questions.ts";

export interface PasswordOptions {
  readonly ask?: boolean | undefined;
  readonly passwordStdin?: boolean | undefined;
}

/** What bcrypt reads of a password. */
const maxBytes = 72;

/** A password of a person, or a generated one of 128 bits. */
export async function newPassword(
  { ask, passwordStdin }: PasswordOptions,
  world: Pick<World, "stdin" | "stderr" | "interrupted" | "random">,
  about: string,
): Promise<{ readonly password: string; readonly isGenerated: boolean }> {
  if (!ask && !passwordStdin)
    return { password: world.random(16).toString("base64url"), isGenerated: true };
  const typed = passwordStdin ? await firstLine(world.stdin) : await askTwice(world, about);
  return { password: checked(typed, about), isGenerated: false };
}

function checked(password: string, about: string): string {
  const bytes = Buffer.byteLength(password);
  const wrong = password.includes("\0") || bytes > maxBytes;
  if (bytes > 0 && !wrong) return password;
  throw new UserError(
    wrong
      ? `${about}: the password should have at most ${maxBytes} bytes and no NUL`
      : `${about}: the password is empty`,
    { code: "usage", hint: "leave it to mypaas: run the same command without a password" },
  );
}

async function askTwice(world: Pick<World, "stdin" | "stderr" | "interrupted">, about: string) {
  const first = await askSecret(world, "new password: ");
  if (first === undefined)
    throw new UserError(`${about}: there is no terminal to ask on`, {
      code: "usage",
      hint: hint`pipe the password into: ${command(`${about} --password-stdin`)}`,
    });
  if ((await askSecret(world, "the same again: ")) === first) return first;
  throw new UserError(`${about}: the two passwords are not the same`, { code: "usage" });
}

/** A password never stands in the arguments, where every process could read it. */
export async function firstLine(stdin: AsyncIterable<Buffer | string>): Promise<string> {
  let text = "";
  for await (const chunk of stdin) {
    text += chunk.toString();
    if (text.includes("\n") || text.length > 65_536) break;
  }
  return text.split(/\r?\n/)[0] ?? "";
}
