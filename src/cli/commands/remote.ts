import { type HintCommand, command, hint, hintFields, hintOf } from "../../core/hints.ts";
import {
  changeRemotes,
  isRemoteName,
  readRemotes,
  type Remote,
} from "../../adapters/laptop/remotes.ts";
import { forgetNames, renameNames } from "../../adapters/laptop/known-services.ts";
import { UserError } from "../../core/errors.ts";
import { formatRemoteLine, parseRemoteLine } from "../../core/wire/connection-string.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask } from "../connect/ask.ts";

const example = "'https://paas.example.com#srv=0123456789abcdef&pin=…'";

export const declaration: CommandFile = {
  examples: ["mypaas remote list", "mypaas remote show prod"],
  commands: [
    {
      syntax: "add <name> <line>",
      summary: "add a server by the line that mypaas init printed",
      examples: [`mypaas remote add prod ${example}`, `mypaas remote add staging ${example}`],
      named: ["name", "url"],
      run: remoteAdd,
    },
    {
      syntax: "list",
      summary: "list the remotes, the default first",
      examples: ["mypaas remote list", "mypaas remote list --json"],
      run: remoteList,
    },
    {
      syntax: "show <remote>",
      summary: "show a remote, and whether its server answers",
      options: [["--key <file>", "the SSH key that signs"]],
      examples: ["mypaas remote show prod", "mypaas remote show prod --key ~/.ssh/id_ed25519"],
      run: remoteShow,
    },
    {
      syntax: "default [remote]",
      summary: "show or choose the remote that mypaas push uses",
      examples: ["mypaas remote default", "mypaas remote default prod"],
      run: remoteDefault,
    },
    {
      syntax: "rename <remote> <name>",
      summary: "rename a remote",
      examples: ["mypaas remote rename prod main", "mypaas remote rename staging test --json"],
      run: remoteRename,
    },
    {
      syntax: "remove <remote>",
      summary: "remove a remote; nothing changes on the server",
      examples: ["mypaas remote remove staging", "mypaas remote remove staging --json"],
      run: remoteRemove,
    },
  ],
};

interface Chosen {
  readonly remote: string;
}

/** `mypaas remote add NAME URL`; a name that exists gets the new line. */
export async function remoteAdd(
  { name, url }: { readonly name: string; readonly url: string },
  io: CommandIo,
): Promise<ExitCode> {
  checkName(name, command("remote add prod 'https://…'"));
  const address = parseRemoteLine(url);
  let isDefault = false;
  let before: Remote | undefined;
  await changeRemotes(io.world, (all) => {
    const old = all.find((remote) => remote.name === name);
    before = old;
    const fingerprint = old?.server === address.server ? old.fingerprint : undefined;
    const made: Remote = { ...address, name, fingerprint };
    const changed = old ? all.map((one) => (one.name === name ? made : one)) : [...all, made];
    isDefault = changed[0]?.name === name;
    return changed;
  });
  const role = isDefault ? ", the default of mypaas push" : "";
  const was = before && formatRemoteLine(before);
  if (was !== undefined && was !== formatRemoteLine(address))
    io.say({ kind: "note", text: `remote ${name} was ${was}` });
  // The line that init prints always has one.
  if (address.pin === undefined)
    io.say({
      kind: "warning",
      text: `remote ${name}: no pin, so only a public certificate is accepted`,
      hint: "without quotes the shell cuts the line at &: add it again with quotes",
    });
  io.answer(`remote ${name} is ${address.origin}${role}`, { name, ...address, isDefault });
  return 0;
}

/** `mypaas remote list`; the first is the default. */
export async function remoteList(_args: object, io: CommandIo): Promise<ExitCode> {
  const remotes = await readRemotes(io.world);
  const width = Math.max(0, ...remotes.map((remote) => remote.name.length));
  const lines = remotes.map((one) => `${one.name.padEnd(width)}  ${formatRemoteLine(one)}`);
  const none = "no remotes; add one with the line that mypaas init printed: mypaas remote add";
  io.answer(remotes.length === 0 ? none : lines.join("\n"), { remotes });
  return 0;
}

/** `mypaas remote show NAME`: what is known here, and whether the server answers; 1 when it does not. */
export async function remoteShow(
  args: Chosen & Pick<ServerOptions, "key">,
  io: CommandIo,
): Promise<ExitCode> {
  const { findRemote } = await import("../connect/connect.ts");
  const remote = await findRemote(io, args.remote);
  const [first] = await readRemotes(io.world);
  const { name, origin, server, pin, fingerprint } = remote;
  const answer = await ask({ action: "server.info" }, args, io).catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  const version = answer instanceof UserError ? undefined : answer.version;
  const isDefault = first?.name === name;
  const lines: readonly (readonly [string, string])[] = [
    ["remote", isDefault ? `${name}, the default of mypaas push` : name],
    ["address", origin],
    ["server", server],
    ["pin", pin ?? "none: its public certificate has to be valid"],
    ["signs", fingerprint ?? "not known yet: no request was accepted so far"],
    ["answers", version === undefined ? "no" : `mypaas ${version}`],
  ];
  const text = lines.map(([label, value]) => `${label.padEnd(9)}${value}`).join("\n");
  io.answer(text, { name, isDefault, origin, server, pin, fingerprint, version });
  if (!(answer instanceof UserError)) return 0;
  io.say({ kind: "warning", text: answer.message, ...hintFields(hintOf(answer)) });
  return 1;
}

/** `mypaas remote default [NAME]`: shows or chooses the one that push takes when none is named. */
export async function remoteDefault(
  { remote: name }: { readonly remote?: string | undefined },
  io: CommandIo,
): Promise<ExitCode> {
  if (name === undefined) {
    const [first] = await readRemotes(io.world);
    io.answer(first?.name ?? "no remotes", { name: first?.name ?? null });
    return 0;
  }
  await changeRemotes(io.world, (all) => {
    const chosen = pick(all, name);
    return [chosen, ...all.filter((one) => one !== chosen)];
  });
  io.answer(`remote ${name} is the default of mypaas push`, { name });
  return 0;
}

/** `mypaas remote rename OLD NEW`; it keeps its place in the list. */
export async function remoteRename(
  { remote: from, name: to }: Chosen & { readonly name: string },
  io: CommandIo,
): Promise<ExitCode> {
  checkName(to, command(`remote rename ${from} main`));
  await changeRemotes(io.world, (all) => {
    const renamed = pick(all, from);
    if (from !== to && all.some((one) => one.name === to))
      throw new UserError(`remote ${to}: is there already`, {
        code: "remote",
        hint: hint`choose another name, or remove that remote first: ${command(`remote remove ${to}`)}`,
      });
    return all.map((one) => (one === renamed ? { ...one, name: to } : one));
  });
  await renameNames(io.world, from, to);
  io.answer(`remote ${from} is now called ${to}`, { name: to, was: from });
  return 0;
}

/** `mypaas remote remove NAME`; changes nothing on the server. */
export async function remoteRemove({ remote: name }: Chosen, io: CommandIo): Promise<ExitCode> {
  await changeRemotes(io.world, (all) => {
    const gone = pick(all, name);
    return all.filter((one) => one !== gone);
  });
  await forgetNames(io.world, name);
  io.answer(`remote ${name} is removed here; nothing changed on the server`, { removed: name });
  return 0;
}

function pick(all: readonly Remote[], name: string): Remote {
  const found = all.find((one) => one.name === name);
  if (found) return found;
  throw new UserError(`remote ${JSON.stringify(name)}: not known here`, {
    code: "no-remote",
    hint: hint`list the remotes: ${command("remote list")}`,
  });
}

function checkName(name: string, example: HintCommand): void {
  if (isRemoteName(name)) return;
  throw new UserError(`remote ${JSON.stringify(name)}: a name has only a-z, 0-9 and - in it`, {
    code: "remote",
    hint: hint`choose a short name: ${example}`,
  });
}
