import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { UserError } from "../../core/errors.ts";
import { formatAge } from "../../core/format.ts";
import { buildKeyLine, type KeyLimits } from "../../core/ssh/key-line.ts";
import type { KeyInfo } from "../../core/actions/keys.ts";
import type { CommandFile, CommandIo, ExitCode, ServerOptions } from "../command.ts";
import { ask } from "../connect/ask.ts";
import { shortened, table } from "../output/table.ts";
import { command, hint, type Hint } from "../../core/hints.ts";

export interface KeyAddArgs extends ServerOptions, Omit<KeyLimits, "noVolumes"> {
  /** A file with a public key, `-` for stdin, or the words of the key itself. */
  readonly words: readonly string[];
  /** False with `--no-volumes`. */
  readonly volumes?: boolean;
}

export const declaration: CommandFile = {
  examples: ["mypaas key list -r prod", "mypaas key add ci.pub -r prod"],
  commands: [
    {
      syntax: "add <words...>",
      summary: "enrol a public key: its file, - for stdin, or the line",
      options: [
        ["--services <names>", "only these services, such as blog,api-*"],
        ["--actions <names>", "only these of push, env, key, logs, run, manage"],
        ["--expires <date>", "refuse it from that day on, such as 2027-01-31"],
        ["--no-volumes", "it may push no service that has volumes"],
      ],
      examples: [
        "mypaas key add ~/.ssh/id_ed25519.pub -r prod",
        "mypaas key add ci.pub --services blog,api-* --actions push --expires 2027-01-31",
        "ssh ann@laptop cat .ssh/id_ed25519.pub | mypaas key add -",
      ],
      run: keyAdd,
    },
    {
      syntax: "list",
      summary: "list the enrolled keys and when each was last used",
      examples: ["mypaas key list", "mypaas key list -r prod --json"],
      run: keyList,
    },
    {
      syntax: "remove <name>",
      summary: "remove a key, by its fingerprint or name",
      examples: ["mypaas key remove ci -r prod", "mypaas key remove SHA256:mVPwvezndPv"],
      run: keyRemove,
    },
  ],
};

/** `mypaas key add FILE|-|KEY [--services a,b] [--actions push,logs] [--expires DAY] [--no-volumes]`. */
export async function keyAdd(args: KeyAddArgs, io: CommandIo): Promise<ExitCode> {
  const limits = { ...args, noVolumes: args.volumes === false };
  const line = buildKeyLine(await readKey(args.words.join(" "), io), limits);
  const { key } = await ask({ action: "key.add", line }, args, io);
  io.answer(`enrolled ${describe(key)}`, { key });
  return 0;
}

/** `mypaas key list`. */
export async function keyList(args: ServerOptions, io: CommandIo): Promise<ExitCode> {
  const { keys } = await ask({ action: "key.list" }, args, io);
  io.answer(keys.length === 0 ? "no keys" : listing(keys, io.world.now()), { keys });
  return 0;
}

/** `mypaas key remove FINGERPRINT|NAME`. */
export async function keyRemove(
  args: ServerOptions & { readonly name: string },
  io: CommandIo,
): Promise<ExitCode> {
  const { key } = await ask({ action: "key.remove", fingerprint: args.name }, args, io);
  io.answer(`removed ${describe(key)}`, { key });
  return 0;
}

async function readKey(words: string, io: CommandIo): Promise<string> {
  const { world } = io;
  if (/^(?:\S+ )?(?:ssh|ecdsa|sk)-\S+ AAAA/.test(words)) return words;
  if (words === "-") return readStdin(io);
  if (/^[a-z]+:\/\//i.test(words))
    throw bad(
      `key ${words}: mypaas does not fetch keys: the other side would choose the key`,
      hint`check it yourself, then enrol one line of it: ${command("key add -")}`,
    );
  try {
    return await readFile(resolve(world.cwd, words.replace(/^~(?=\/)/, world.home)), "utf8");
  } catch (cause) {
    const way = hint`name the file of a public key: ${command("key add ~/.ssh/id_ed25519.pub")}`;
    throw bad(`key ${words}: not readable`, way, cause);
  }
}

/** Longer than any public key with its options. */
const maxKeyText = 64 * 1024;

async function readStdin({ world, say }: CommandIo): Promise<string> {
  if (world.stdin.isTTY === true)
    say({ kind: "step", text: "paste one public key, then press Ctrl-D …" });
  let text = "";
  const signal = world.interrupted;
  for await (const line of createInterface({ input: world.stdin, signal })) {
    text += `${line}\n`;
    if (text.length > maxKeyText) break;
  }
  signal.throwIfAborted();
  if (text.trim() !== "") return text;
  const way = hint`give it one public key: ${command("key add - < id_ed25519.pub")}`;
  throw bad("key -: stdin is empty", way);
}

const bad = (message: string, way: Hint, cause?: unknown): UserError =>
  new UserError(message, { code: "key", hint: way, cause });

const describe = (key: KeyInfo): string =>
  [key.fingerprint, key.type, key.name, ...limitsOf(key)].filter((part) => part !== "").join("  ");

const limitsOf = ({ options, expired }: KeyInfo): readonly string[] =>
  [options, expired ? "(expired)" : ""].filter((part) => part !== "");

/** Fingerprints are long: what a key is limited to stands below it. */
function listing(keys: readonly KeyInfo[], now: number): string {
  const rows = keys.map(({ name, lastUsed, fingerprint }) => [
    shortened(name, 14),
    lastUsed === undefined ? "never" : `${formatAge(now - lastUsed)} ago`,
    fingerprint,
  ]);
  const [headings = "", ...lines] = table(["name", "last used", "fingerprint"], rows).split("\n");
  const shown = lines.flatMap((line, index) => {
    const below = keys[index] === undefined ? [] : limitsOf(keys[index]);
    return below.length === 0 ? [line] : [line, `  ${below.join(" ")}`];
  });
  return [headings, ...shown].join("\n");
}
