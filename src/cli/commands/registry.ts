import { UserError } from "../../core/errors.ts";
import { formatAge } from "../../core/format.ts";
import { registryHost } from "../../core/server/registry.ts";
import type { RegistryInfo } from "../../core/actions/registries.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { firstLine } from "../input/password.ts";
import { askPerson, askSecret } from "../input/questions.ts";
import { table } from "../output/table.ts";
import { command, hint } from "../../core/hints.ts";

export interface LoginArgs extends ServerOptions {
  readonly host: string;
  readonly username?: string | undefined;
  readonly passwordStdin?: boolean | undefined;
}

export const declaration: CommandFile = {
  examples: ["mypaas registry list -r prod", "mypaas registry login ghcr.io -r prod"],
  commands: [
    {
      syntax: "login <host>",
      summary: "let builds use private images of a registry",
      options: [
        ["-u, --username <name>", "the username; asked for on a terminal"],
        ["--password-stdin", "read the password or token from stdin"],
      ],
      examples: [
        "mypaas registry login ghcr.io -r prod",
        "mypaas registry login ghcr.io -u ann --password-stdin -r prod < token.txt",
      ],
      run: registryLogin,
    },
    {
      syntax: "logout <host>",
      summary: "remove a login",
      examples: ["mypaas registry logout ghcr.io", "mypaas registry logout ghcr.io -r prod"],
      run: registryLogout,
    },
    {
      syntax: "list",
      summary: "list logins, without passwords",
      examples: ["mypaas registry list", "mypaas registry list -r prod --json"],
      run: registryList,
    },
  ],
};

/** `mypaas registry login HOST [--username U] [--password-stdin]`: the server tries the login before it keeps it. */
export async function registryLogin(args: LoginArgs, io: CommandIo): Promise<ExitCode> {
  const host = readHost(args.host);
  const username = args.username ?? (await askPerson(io.world, `username at ${host}: `));
  if (!username) throw missing(host, "a username", "--username NAME --password-stdin");
  const password = args.passwordStdin
    ? await firstLine(io.world.stdin)
    : await askSecret(io.world, `password of ${username} at ${host}: `);
  if (!password) throw missing(host, "a password", `--username ${username} --password-stdin`);
  const action = { action: "registry.login", host, username, password } as const;
  const { registry } = await ask(action, args, io);
  io.answer(`logged in to ${registry.host} as ${registry.username}`, { registry });
  return 0;
}

/** `mypaas registry logout HOST`. */
export async function registryLogout(
  args: ServerOptions & { readonly host: string },
  io: CommandIo,
): Promise<ExitCode> {
  const host = readHost(args.host);
  const { registry } = await ask({ action: "registry.logout", host }, args, io);
  io.answer(`the login of ${registry.username} at ${registry.host} is removed`, { registry });
  return 0;
}

/** `mypaas registry list`: never a password. */
export async function registryList(args: ServerOptions, io: CommandIo): Promise<ExitCode> {
  const { registries } = await ask({ action: "registry.list" }, args, io);
  io.answer(describe(registries, io.world.now()), { registries });
  return 0;
}

function describe(registries: readonly RegistryInfo[], now: number): string {
  if (registries.length === 0) return "no logins; base images have to be public";
  const rows = registries.map(({ host, username, since }) => [
    host,
    username,
    formatAge(now - since),
  ]);
  return table(["registry", "username", "since"], rows);
}

function readHost(text: string): string {
  const host = registryHost(text);
  if (host !== undefined) return host;
  throw new UserError(`registry ${JSON.stringify(text)}: not the host of a registry`, {
    code: "usage",
    hint: hint`name it as it stands in FROM: ${command("registry login ghcr.io")}`,
  });
}

const missing = (host: string, what: string, options: string): UserError =>
  new UserError(`registry ${host}: needs ${what}`, {
    code: "usage",
    hint: hint`pipe the password into: ${command(`registry login ${host} ${options}`)}`,
  });
