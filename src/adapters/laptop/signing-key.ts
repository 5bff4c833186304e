import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseKeyLine } from "../../core/ssh/authorized-keys.ts";
import { UserError } from "../../core/errors.ts";
import { isThere } from "../files.ts";
import { listAgentKeys, type Env } from "./ssh-keygen.ts";

/** The file that `ssh-keygen -f` takes. */
export interface SigningKey {
  readonly file: string;
  /** Removes the file if it was written only for this signature. */
  readonly dispose: () => Promise<void>;
}

export interface KeyChoice {
  /** `--key FILE`. */
  readonly option: string | undefined;
  /** Fingerprint of the key that this remote accepted last. */
  readonly remembered: string | undefined;
  readonly env: Env;
  readonly home: string;
  readonly cwd: string;
  readonly signal: AbortSignal;
}

const usualNames = ["id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk", "id_ecdsa_sk"];

/** Chooses the key in this order: `--key`, MYPAAS_KEY (a path or the private key itself), the last accepted key, the usual files, the agent. */
export async function chooseSigningKey(choice: KeyChoice): Promise<SigningKey> {
  const { option, env, cwd, home } = choice;
  const given = option ?? (env["MYPAAS_KEY"]?.trim() || undefined);
  if (given?.includes("PRIVATE KEY-----")) return writeKey(`${given.trim()}\n`);
  if (given !== undefined) return inPlace(resolve(cwd, given.replace(/^~(?=\/)/, home)));
  const files = await existing(usualNames.map((name) => join(home, ".ssh", name)));
  const [first] = files;
  if (choice.remembered === undefined && first !== undefined) return inPlace(first);
  for (const file of files)
    if ((await fingerprintOf(`${file}.pub`)) === choice.remembered) return inPlace(file);
  const held = await listAgentKeys(env, choice.signal);
  const known = held.find((line) => fingerprintIn(line) === choice.remembered);
  if (known !== undefined) return writeKey(`${known}\n`, ".pub");
  if (first !== undefined) return inPlace(first);
  const usable = held.find((line) => fingerprintIn(line) !== undefined);
  if (usable !== undefined) return writeKey(`${usable}\n`, ".pub");
  throw new UserError(`no ssh key in ${join(home, ".ssh")} or in the agent`, {
    code: "no-key",
    hint: "make one: ssh-keygen -t ed25519, or name one: --key FILE",
  });
}

const inPlace = (file: string): SigningKey => ({ file, dispose: async () => {} });

async function writeKey(text: string, ending = ""): Promise<SigningKey> {
  const folder = await mkdtemp(join(tmpdir(), "mypaas-key-"));
  const file = join(folder, `key${ending}`);
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    // Secrets of CI systems often have CRLF line ends.
    await writeFile(file, text.replaceAll("\r\n", "\n"), { mode: 0o600 });
  } catch (error) {
    await dispose();
    throw error;
  }
  return { file, dispose };
}

async function existing(files: readonly string[]): Promise<readonly string[]> {
  const isFound = await Promise.all(files.map(isThere));
  return files.filter((_, index) => isFound[index] === true);
}

const fingerprintOf = async (file: string): Promise<string | undefined> =>
  fingerprintIn(await readFile(file, "utf8").catch(() => ""));

function fingerprintIn(line: string): string | undefined {
  const key = parseKeyLine(line);
  return typeof key === "string" ? undefined : key.fingerprint;
}
