import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { UserError } from "../../core/errors.ts";
import { buildKeyLine, type KeyLimits } from "../../core/ssh/key-line.ts";
import type { Action } from "../../core/wire/protocol.ts";
import type { KeyInfo, Results } from "../../core/wire/results.ts";
import { connect } from "../connect.ts";
import type { CommandIo, ExitCode } from "../io.ts";

export interface KeyArgs {
  readonly remote?: string | undefined;
  readonly key?: string | undefined;
  readonly runDir?: string | undefined;
}

export interface KeyAddArgs extends KeyArgs, KeyLimits {
  /** A file with a public key, or the words of the key itself. */
  readonly words: readonly string[];
}

/** `mypaas key add FILE|KEY [--services a,b] [--actions push,logs] [--expires DAY] [--no-volumes]`. */
export async function keyAdd(args: KeyAddArgs, io: CommandIo): Promise<ExitCode> {
  const line = buildKeyLine(await readKey(args.words.join(" "), io), args);
  const { key } = (await ask({ action: "key.add", line }, args, io)) as Results["key.add"];
  io.answer(`enrolled ${describe(key)}`, { key });
  return 0;
}

/** `mypaas key list`. */
export async function keyList(args: KeyArgs, io: CommandIo): Promise<ExitCode> {
  const { keys } = (await ask({ action: "key.list" }, args, io)) as Results["key.list"];
  io.answer(keys.length === 0 ? "no keys" : keys.map(describe).join("\n"), { keys });
  return 0;
}

/** `mypaas key remove FINGERPRINT`. */
export async function keyRemove(
  args: KeyArgs & { readonly fingerprint: string },
  io: CommandIo,
): Promise<ExitCode> {
  const { fingerprint } = args;
  const action = { action: "key.remove", fingerprint } as const;
  const { key } = (await ask(action, args, io)) as Results["key.remove"];
  io.answer(`removed ${describe(key)}`, { key });
  return 0;
}

async function ask(action: Action, args: KeyArgs, io: CommandIo): Promise<unknown> {
  const connection = await connect(io, args.remote, args);
  try {
    return (await connection.ask(action)).result;
  } finally {
    await connection.close();
  }
}

async function readKey(words: string, { world }: CommandIo): Promise<string> {
  if (/^(?:\S+ )?(?:ssh|ecdsa|sk)-\S+ AAAA/.test(words)) return words;
  try {
    return await readFile(resolve(world.cwd, words.replace(/^~(?=\/)/, world.home)), "utf8");
  } catch (cause) {
    throw new UserError(`key ${words}: not readable`, {
      code: "key",
      hint: "name the file of a public key: mypaas key add ~/.ssh/id_ed25519.pub",
      cause,
    });
  }
}

const describe = (key: KeyInfo): string =>
  [key.fingerprint, key.type, key.name, key.options, key.expired ? "(expired)" : ""]
    .filter((part) => part !== "")
    .join("  ");
