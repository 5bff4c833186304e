import { UserError } from "../../core/errors.ts";
import { formatAge } from "../../core/format.ts";
import { command, hint, hintFields } from "../../core/hints.ts";
import { pollLimits, type LinkInfo } from "../../core/actions/links.ts";
import { readRepository } from "../../core/links/repository.ts";
import { isFingerprint } from "../../core/links/ssh-place.ts";
import { fullPathOf } from "../../core/wire/routes.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { serviceArgument } from "../input/arguments.ts";
import { ask } from "../connect/ask.ts";
import { firstLine } from "../input/password.ts";
import { eventFor } from "../output/remote-hint.ts";
import { table } from "../output/table.ts";

export interface LinkArgs extends ServerOptions {
  /** A service and a URL; a service; `list`; `remove` and a service. */
  readonly words: readonly string[];
  readonly dockerfile?: string | undefined;
  readonly auto?: boolean | undefined;
  readonly token?: string | undefined;
  readonly poll?: string | undefined;
  readonly hostKey?: string | undefined;
}

export const declaration: CommandFile = {
  options: [
    ["--dockerfile <path>", "the Dockerfile in the repository, unless it is Dockerfile"],
    ["--auto", "deploy when the forge says that the branch has a new commit"],
    ["--poll <time>", "look every so often, such as 5m or 1h, where no webhook comes in"],
    ["--token <->", "read the token of a private repository, or user:token, from stdin"],
    ["--host-key <fingerprint>", "of a repository over ssh, SHA256:…; else the first is believed"],
  ],
  examples: [
    "mypaas link web https://github.com/ann/web#main --auto -r prod",
    "mypaas link web https://git.example.com/ann/web --token - -r prod < token.txt",
    "mypaas link web git@github.com:ann/web#main -r prod",
    "mypaas link web -r prod",
    "mypaas link list -r prod",
    "mypaas link remove web -r prod",
  ],
  note: "A link has the rights of the key that made it, as long as that key has them.\nDeploy with: mypaas pull web",
  run: link,
};

/** `mypaas link SERVICE URL#BRANCH`, `link SERVICE`, `link list`, `link remove SERVICE`. */
export async function link(args: LinkArgs, io: CommandIo): Promise<ExitCode> {
  const [first, second, ...rest] = args.words;
  if (first === undefined || rest.length > 0) throw usage();
  if (first === "list" && second === undefined) return list(args, io);
  if (first === "remove" && second !== undefined) return remove(args, second, io);
  serviceArgument(first, "link");
  return second === undefined ? list(args, io, first) : set(args, [first, second], io);
}

async function set(
  args: LinkArgs,
  [service, text]: readonly [string, string],
  io: CommandIo,
): Promise<ExitCode> {
  const read = readRepository(text);
  if (typeof read === "string")
    throw new UserError(`link ${service}: ${text}: ${read}`, {
      code: "usage",
      hint: hint`name a repository by https or ssh: ${command(`link ${service} https://github.com/you/${service}#main`)}`,
    });
  const { link: made, secret } = await ask(
    {
      action: "link.set",
      service,
      ...read,
      dockerfile: args.dockerfile ?? "Dockerfile",
      ...(args.auto === true && { auto: true }),
      ...(args.poll !== undefined && { pollMs: readPoll(args.poll) }),
      ...(args.hostKey !== undefined && { hostKey: readHostKey(args.hostKey) }),
      ...(args.token !== undefined && { token: await readToken(args.token, io) }),
    },
    args,
    io,
  );
  const path = fullPathOf("hook", { id: made.id });
  const hook = made.auto
    ? [
        "",
        "Add a webhook to the repository, for pushes, as application/json. This is shown only once:",
        `  address  ${path} below https://NAME-OF-THIS-SERVER`,
        `  secret   ${secret}`,
      ]
    : [];
  const lines = [
    `${service} is linked to ${made.url}#${made.branch}; deploy it with: mypaas pull ${service}`,
    ...deployKeyLines(made),
    ...hook,
  ];
  io.answer(lines.join("\n"), { link: made, hook: path, secret });
  return 0;
}

const statusLines = ({ status }: LinkInfo): readonly string[] =>
  status === undefined ? [] : ["", `status of the last commit, at the forge: ${status}`];

/** What the forge has to know, and what is known of it. */
function deployKeyLines({ deployKey, hostKey }: LinkInfo): readonly string[] {
  if (deployKey === undefined) return [];
  return [
    "",
    "Add this deploy key to the repository, for reading:",
    `  ${deployKey}`,
    hostKey === undefined
      ? "The host key that the first pull finds is shown there, and no other one is taken later."
      : `Only this host key is taken: ${hostKey}`,
  ];
}

async function list(args: LinkArgs, io: CommandIo, service?: string): Promise<ExitCode> {
  const asked = service === undefined ? {} : { service };
  const { links } = await ask({ action: "link.list", ...asked }, args, io);
  for (const { service: name, url, branch, trouble } of links)
    if (trouble !== undefined)
      io.say(
        eventFor(args.remote, {
          kind: "warning",
          text: `link ${name} deploys nothing: ${trouble}`,
          ...hintFields(
            hint`link it with another key: ${command(`link ${name} ${url}#${branch}`)}`,
          ),
        }),
      );
  io.answer(describe(links, io.world.now(), service), { links });
  return 0;
}

async function remove(args: LinkArgs, service: string, io: CommandIo): Promise<ExitCode> {
  serviceArgument(service, "link");
  const { link: gone } = await ask({ action: "link.remove", service }, args, io);
  io.answer(`${service} is not linked to ${gone.url} any more; what runs stays`, { link: gone });
  return 0;
}

function describe(links: readonly LinkInfo[], now: number, service: string | undefined): string {
  if (links.length === 0)
    return service === undefined ? "no links" : `${service} is not linked to a repository`;
  const rows = links.map((one) => [
    one.service,
    `${one.url}#${one.branch}`,
    whenOf(one),
    one.deployKey !== undefined ? "deploy key" : one.hasToken ? "token" : "public",
    one.by,
    formatAge(now - one.since),
  ]);
  const text = table(["service", "repository", "deploys", "access", "by", "since"], rows);
  const [one] = links;
  return service === undefined || one === undefined
    ? text
    : [text, ...statusLines(one), ...deployKeyLines(one)].join("\n");
}

function whenOf({ auto, pollMs }: LinkInfo): string {
  const ways = [
    auto ? "by webhook" : undefined,
    pollMs === undefined ? undefined : `every ${formatAge(pollMs)}`,
  ];
  return ways.filter((way) => way !== undefined).join(", ") || "when asked";
}

function readHostKey(text: string): string {
  if (isFingerprint(text)) return text;
  throw new UserError(
    `--host-key: should be SHA256: and 43 characters, got ${JSON.stringify(text)}`,
    {
      code: "usage",
      hint: "forges name it in their documentation; a server does with: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub",
    },
  );
}

function readPoll(text: string): number {
  const [, count, unit = "m"] = /^(\d{1,4})([mh])?$/.exec(text) ?? [];
  const ms = Number(count) * (unit === "h" ? 60 : 1) * 60_000;
  if (ms >= pollLimits.least && ms <= pollLimits.most) return ms;
  throw new UserError(`--poll: should be from 1m to 24h, got ${JSON.stringify(text)}`, {
    code: "usage",
    hint: "give minutes or hours: --poll 5m",
  });
}

/** A value on the command line would be in the history of the shell, and visible to all users. */
async function readToken(text: string, io: CommandIo): Promise<string> {
  const token = text === "-" ? await firstLine(io.world.stdin) : undefined;
  if (token !== undefined && token !== "") return token;
  throw new UserError(
    text === "-" ? "--token -: got nothing on stdin" : "--token: takes the token only from stdin",
    {
      code: "usage",
      hint: hint`pipe it in: ${command("link web https://github.com/you/web --token - < token.txt")}`,
    },
  );
}

const usage = (): UserError =>
  new UserError("link: not understood", {
    code: "usage",
    hint: hint`name a service and a repository: ${command("link web https://github.com/you/web#main")}`,
  });
