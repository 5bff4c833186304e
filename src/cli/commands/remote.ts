import {
  changeRemotes,
  isRemoteName,
  readRemotes,
  type Remote,
} from "../../adapters/laptop/remotes.ts";
import { UserError } from "../../core/errors.ts";
import { formatRemoteLine, parseRemoteLine } from "../../core/wire/remote-line.ts";
import type { CommandIo, ExitCode } from "../io.ts";

/** `mypaas remote add NAME URL`; a name that exists gets the new line. */
export async function remoteAdd(
  args: { readonly name: string; readonly url: string },
  io: CommandIo,
): Promise<ExitCode> {
  const { name, url } = args;
  if (!isRemoteName(name))
    throw new UserError(`remote ${JSON.stringify(name)}: a name has only a-z, 0-9 and - in it`, {
      code: "remote",
      hint: "choose a short name: mypaas remote add prod 'https://…'",
    });
  const address = parseRemoteLine(url);
  let isDefault = false;
  let before: Remote | undefined;
  await changeRemotes(io.world, (all) => {
    const old = all.find((remote) => remote.name === name);
    before = old;
    const isSameServer = old?.server === address.server;
    const made: Remote = {
      ...address,
      name,
      fingerprint: isSameServer ? old.fingerprint : undefined,
    };
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
      text: `remote ${name}: no pin, so only a public certificate will be believed`,
      hint: "without quotes the shell cuts the line at &: add it again with quotes",
    });
  io.answer(`remote ${name} is ${address.origin}${role}`, { name, ...address, isDefault });
  return 0;
}

/** `mypaas remote list`; the first is the default. */
export async function remoteList(_args: object, io: CommandIo): Promise<ExitCode> {
  const remotes = await readRemotes(io.world);
  const width = Math.max(0, ...remotes.map((remote) => remote.name.length));
  const lines = remotes.map(
    (remote) => `${remote.name.padEnd(width)}  ${formatRemoteLine(remote)}`,
  );
  const none = "no remotes; add one with the line that mypaas init printed: mypaas remote add";
  io.answer(remotes.length === 0 ? none : lines.join("\n"), { remotes });
  return 0;
}

/** `mypaas remote remove NAME`; changes nothing on the server. */
export async function remoteRemove(
  { name }: { readonly name: string },
  io: CommandIo,
): Promise<ExitCode> {
  await changeRemotes(io.world, (all) => {
    if (all.some((remote) => remote.name === name)) return all.filter((one) => one.name !== name);
    throw new UserError(`remote ${JSON.stringify(name)}: not known here`, {
      code: "no-remote",
      hint: "look at the names: mypaas remote list",
    });
  });
  io.answer(`remote ${name} is forgotten here; nothing changed on the server`, { removed: name });
  return 0;
}
