import { UserError } from "../../core/errors.ts";
import { formatAge } from "../../core/format.ts";
import { readUser } from "../../core/dockerfile/keys/traffic.ts";
import type { UserInfo } from "../../core/actions/auth.ts";
import type { CommandFile, CommandIo, ExitCode, ServiceArgs } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { newPassword, type PasswordOptions } from "../input/password.ts";
import { table } from "../output/table.ts";
import { command, hint } from "../../core/hints.ts";

export interface AuthArgs extends ServiceArgs, PasswordOptions {
  /** Nothing or `list`; `set USER`; `remove USER`. */
  readonly words: readonly string[];
}

export const declaration: CommandFile = {
  options: [
    ["--ask", "with set: ask for the password on the terminal"],
    ["--password-stdin", "with set: read the password from stdin"],
  ],
  examples: [
    "mypaas auth web -r prod",
    "mypaas auth web set ann -r prod",
    "mypaas auth web set ann --password-stdin -r prod < password.txt",
    "mypaas auth web remove ann -r prod",
  ],
  run: auth,
};

/** `mypaas auth SERVICE [list | set USER | remove USER]`: passwords of the users in `mypaas.auth`. Only a hash leaves this machine; it counts at once, without a release. */
export async function auth(args: AuthArgs, io: CommandIo): Promise<ExitCode> {
  const { service, words } = args;
  const [verb = "list", user, ...rest] = words;
  if (verb === "list" && user === undefined) return list(args, io);
  if ((verb !== "set" && verb !== "remove") || user === undefined || rest.length > 0)
    // Only the verb: a word after the name may be the password.
    throw new UserError(`auth ${service}: not understood: ${JSON.stringify(verb)}`, {
      code: "usage",
      hint: hint`name one user and no password: ${command(`auth ${service} set USER`)}`,
    });
  const name = readUser(user);
  if ("bad" in name)
    throw new UserError(`auth ${service}: the name ${name.bad}`, { code: "usage" });
  return verb === "set" ? set(args, user, io) : remove(args, user, io);
}

async function list(args: AuthArgs, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const known = await ask({ action: "auth.list", service }, args, io);
  const rows = known.users.map((one) => rowOf(one, io.world.now()));
  const none = `${service} has no users with a password`;
  io.answer(rows.length === 0 ? none : table(["user", "password", "may pass"], rows), known);
  return 0;
}

const rowOf = ({ user, since, inUse }: UserInfo, now: number): readonly string[] => [
  user,
  since === undefined ? "none" : `set ${formatAge(now - since)} ago`,
  inUse && since !== undefined ? "yes" : inUse ? "no: needs a password" : "no: not in mypaas.auth",
];

async function set(args: AuthArgs, user: string, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const about = `auth ${service} set ${user}`;
  const { password, isGenerated } = await newPassword(args, io.world, about);
  const { hashPassword } = await import("../../adapters/laptop/password-hash.ts");
  const hash = await hashPassword(password);
  const changed = await ask({ action: "auth.set", service, user, hash }, args, io);
  const shown = isGenerated ? [`password of ${user}: ${password}`] : [];
  const counts = changed.inUse
    ? `it counts now`
    : `it counts once the Dockerfile says: # mypaas.auth = ${user}`;
  io.answer([...shown, `${user} has a password for ${service}; ${counts}`].join("\n"), {
    ...changed,
    ...(isGenerated && { password }),
  });
  return 0;
}

async function remove(args: AuthArgs, user: string, io: CommandIo): Promise<ExitCode> {
  const { service } = args;
  const changed = await ask({ action: "auth.remove", service, user }, args, io);
  io.answer(`${user} has no password for ${service} any more and cannot pass`, changed);
  return 0;
}
