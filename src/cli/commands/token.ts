import type { RevokedToken, TokenInfo } from "../../core/actions/tokens.ts";
import { UserError } from "../../core/errors.ts";
import { formatAge } from "../../core/format.ts";
import { command, hint } from "../../core/hints.ts";
import type { TokenAnswer } from "../../core/wire/answers.ts";
import type { Grant } from "../../core/wire/grant.ts";
import type { Remote } from "../../adapters/laptop/remotes.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { commandLine } from "../output/shell-words.ts";
import { shortened, table } from "../output/table.ts";

export interface TokenCreateArgs extends ServerOptions {
  readonly name?: string | undefined;
  readonly services?: string | undefined;
  readonly actions?: string | undefined;
  readonly days?: string | undefined;
  readonly readOnly?: boolean;
}

export const declaration: CommandFile = {
  examples: ["mypaas token create ci --services blog -r prod", "mypaas token list -r prod"],
  commands: [
    {
      syntax: "create [name]",
      summary: "make a token and print it; the server does not store it",
      options: [
        ["--services <names>", "what it may touch, such as blog,api-*, or '*' for all"],
        ["--days <days>", "how long it lasts, 366 at most (default: 90)"],
        ["--actions <names>", "some of push, env, logs, manage (default: push)"],
        ["--read-only", "it can see and change nothing"],
      ],
      examples: [
        "mypaas token create ci --services 'blog,api-*' --days 30 -r prod",
        "mypaas token create --services blog -r prod | docker login paas.example.com -u token --password-stdin",
        "mypaas token create stats --services '*' --read-only -r prod",
      ],
      note: "It may what it names, as long as your key may and is enrolled.",
      run: tokenCreate,
    },
    {
      syntax: "list",
      summary: "list the tokens that were used, and when",
      examples: ["mypaas token list -r prod", "mypaas token list -r prod --json"],
      run: tokenList,
    },
    {
      syntax: "revoke <token>",
      summary: "end a token, by its id or name or the token itself",
      examples: ["mypaas token revoke ci -r prod", "mypaas token revoke 0f3c9a1b2c3d4e5f -r prod"],
      run: tokenRevoke,
    },
  ],
};

/** `mypaas token create [NAME] --services A,B [--days N] [--actions A,B] [--read-only]`: signed here, no server is asked. */
export async function tokenCreate(args: TokenCreateArgs, io: CommandIo): Promise<ExitCode> {
  const { formatToken, grantBytes, grantNamespace } = await import("../../core/wire/grant.ts");
  const { grantOfWords } = await import("../input/token-words.ts");
  const { signFor } = await import("../connect/connect.ts");
  const { world } = io;
  const limits = grantOfWords(args);
  const remote = await remoteOf(args, io);
  const id = world.random(8).toString("hex");
  const created = world.now();
  const { days, ...more } = limits;
  const expires = created + days * 24 * 60 * 60_000;
  const grant: Grant = { v: 1, server: remote.server, id, ...more, created, expires };
  const message = grantBytes(grant);
  const signature = await signFor(io, remote, {
    option: args.key,
    message,
    namespace: grantNamespace,
  });
  const token = formatToken(message, signature);
  io.say({ kind: "note", text: `token ${grant.name} (${id}): ${describe(grant)}` });
  const { v: _, ...answer } = grant;
  io.answer(token, { ...answer, token } satisfies TokenAnswer);
  return 0;
}

/** `mypaas token list`. */
export async function tokenList(args: ServerOptions, io: CommandIo): Promise<ExitCode> {
  const { tokens } = await ask({ action: "token.list" }, args, io);
  const text = tokens.length === 0 ? "no token was used yet" : listing(tokens, io.world.now());
  io.answer(text, { tokens });
  return 0;
}

/** `mypaas token revoke ID|NAME|TOKEN`; the token itself stays here. */
export async function tokenRevoke(
  args: ServerOptions & { readonly token: string },
  io: CommandIo,
): Promise<ExitCode> {
  const { readToken } = await import("../../core/wire/grant.ts");
  const whole = args.token.startsWith("mpg_") ? readToken(args.token).grant : undefined;
  const asked = whole ? { token: whole.id, expires: whole.expires } : { token: args.token };
  const { token } = await ask({ action: "token.revoke", ...asked }, args, io);
  io.answer(`revoked ${nameOf(token)}`, { token });
  return 0;
}

const nameOf = ({ id, name }: RevokedToken): string =>
  name === undefined ? id : `${name} (${id})`;

const describe = ({ services, actions, access, expires }: Grant): string =>
  [
    `services ${services.join(", ")}`,
    access === "read" ? "read-only" : actions.join(", "),
    `until ${new Date(expires).toISOString().slice(0, 10)}`,
  ].join(" · ");

function listing(tokens: readonly TokenInfo[], now: number): string {
  const rows = tokens.map((one) => [
    shortened(one.name, 14),
    one.id,
    `${formatAge(now - one.lastUsed)} ago`,
    one.state === "valid" ? new Date(one.expires).toISOString().slice(0, 10) : one.state,
    shortened(one.services.join(","), 20),
    one.access === "read" ? "read-only" : one.actions.join(","),
    shortened(one.by, 14),
  ]);
  return table(["name", "id", "last used", "until", "services", "may", "by"], rows);
}

/** A token is for one server, whose id the remote holds. */
async function remoteOf(args: ServerOptions, io: CommandIo): Promise<Remote> {
  const { findRemote, usualRemote } = await import("../connect/connect.ts");
  const { readRemotes } = await import("../../adapters/laptop/remotes.ts");
  const wanted = args.remote ?? usualRemote(io);
  if (wanted !== undefined) {
    io.setRemoteName?.(commandLine(wanted));
    return findRemote(io, wanted);
  }
  const [first] = await readRemotes(io.world);
  if (first !== undefined) return first;
  throw new UserError("token: no remote is known here", {
    code: "no-remote",
    hint: hint`your own key makes it, so run it where you push from: ${command("remote add prod 'https://…'")}`,
  });
}
