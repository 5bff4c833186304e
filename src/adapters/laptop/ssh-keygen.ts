import { spawn } from "node:child_process";
import { UserError } from "../../core/errors.ts";
import { SshFormatError } from "../../core/ssh/wire-format.ts";
import { unarmour } from "../../core/ssh/sshsig.ts";
import { plainText } from "../../core/terminal-text.ts";
import { signatureNamespace } from "../../core/wire/protocol.ts";

export interface Signing {
  /** Without a terminal there is no prompt, but a FIDO key can be touched: within this time, 60 s by default. */
  readonly silentLimitMs?: number;
  /** Private key, or public key of one in the agent. */
  readonly keyFile: string;
  readonly message: Uint8Array;
  /** Of SSHSIG; that of requests by default. */
  readonly namespace?: string;
  readonly env: Env;
  /** False: ssh-keygen runs without a terminal, and fails instead of a prompt. */
  readonly hasTerminal: boolean;
  /** Messages of ssh-keygen, such as the request for a touch. */
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
}

export type Env = Readonly<Record<string, string | undefined>>;

/** Signs with the user's own `ssh-keygen -Y sign`. Returns the SSHSIG blob; throws UserError "signing". */
export async function sign(signing: Signing): Promise<Buffer> {
  const { keyFile, message, hasTerminal, namespace = signatureNamespace } = signing;
  const args = ["-Y", "sign", "-n", namespace, "-f", keyFile];
  const done = await run({ ...signing, program: "ssh-keygen", args, input: message });
  signing.signal.throwIfAborted();
  if (done.code !== 0) throw explain(keyFile, hasTerminal, done.err);
  try {
    return unarmour(done.out);
  } catch (error) {
    if (!(error instanceof SshFormatError)) throw error;
    throw new UserError(`key ${keyFile}: the answer of ssh-keygen ${error.message}`, {
      code: "signing",
      cause: error,
    });
  }
}

/** Public keys in the ssh agent, as authorized_keys lines; empty without an agent. */
export async function listAgentKeys(env: Env, signal: AbortSignal): Promise<readonly string[]> {
  if (!env["SSH_AUTH_SOCK"]) return [];
  const quiet = { hasTerminal: false, onText: () => {}, signal, env };
  const done = await run({ ...quiet, program: "ssh-add", args: ["-L"], input: Buffer.alloc(0) });
  return done.code === 0 ? done.out.split("\n").filter((line) => line !== "") : [];
}

interface Run extends Pick<Signing, "env" | "hasTerminal" | "onText" | "signal" | "silentLimitMs"> {
  readonly program: string;
  readonly args: readonly string[];
  readonly input: Uint8Array;
}

const chatter = /^(?:Signing (?:data|file) |Enter passphrase|\s*$)/;

async function run(what: Run) {
  const done = Promise.withResolvers<{ code: number | null; out: string; err: string }>();
  // The option `timeout` of spawn has a timer that outlives a program that did not start.
  const limitMs = what.silentLimitMs ?? 60_000;
  const limit = what.hasTerminal ? undefined : AbortSignal.timeout(limitMs);
  const child = spawn(what.program, what.args, {
    // A graphical prompt only if the user asked for it. Stdin carries the message, so no passphrase is read from it.
    env: { ...what.env, SSH_ASKPASS_REQUIRE: askpass(what) },
    stdio: ["pipe", "pipe", "pipe"],
    // In its own session the program has no terminal, so it cannot prompt.
    detached: !what.hasTerminal,
    killSignal: "SIGKILL",
    signal: limit ? AbortSignal.any([what.signal, limit]) : what.signal,
  });
  let out = "";
  let err = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out = keep(out, text)));
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err = keep(err, text);
    const asked = text.split("\n").filter((line) => !chatter.test(line));
    if (what.hasTerminal) for (const line of asked) what.onText(plainText(line));
  });
  // The program may end before it has read all input.
  child.stdin.on("error", () => {}).end(what.input);
  child.on("error", (error) => {
    if ("code" in error && error.code === "ENOENT") done.reject(missing(what.program, error));
    else done.reject(limit?.aborted ? tooSlow(what.program, limitMs, error) : error);
  });
  child.on("close", (code) => done.resolve({ code, out, err }));
  return done.promise;
}

const keep = (text: string, more: string): string => (text + more).slice(-100_000);

const askpass = ({ env, hasTerminal }: Run): string =>
  hasTerminal ? (env["SSH_ASKPASS_REQUIRE"] ?? "never") : "never";

const missing = (program: string, cause: unknown): UserError =>
  new UserError(`${program}: not installed, and mypaas signs with it`, {
    code: "signing",
    hint: "install the client of OpenSSH: apt-get install openssh-client",
    cause,
  });

const tooSlow = (program: string, ms: number, cause: unknown): UserError =>
  new UserError(`${program}: no answer in ${ms} ms`, {
    code: "signing",
    hint: "run it in a terminal, or with another key: --key FILE",
    cause,
  });

function explain(keyFile: string, hasTerminal: boolean, output: string): UserError {
  const file = keyFile.replace(/\.pub$/, "");
  const known: readonly (readonly [RegExp, string, string])[] = [
    [
      /incorrect passphrase/i,
      hasTerminal
        ? "wrong passphrase"
        : "it has a passphrase, and there is no terminal to enter it",
      `load it into the agent ${hasTerminal ? "once" : "first"}: ssh-add ${file}`,
    ],
    [
      /UNPROTECTED PRIVATE KEY/,
      "other users can read it, so ssh-keygen refuses it",
      `run: chmod 600 ${file}`,
    ],
    [
      /No private key found/,
      "the private key is neither beside it nor in the agent",
      `load it: ssh-add ${file}`,
    ],
    [
      /No such file/,
      "no such key, or its public key file is missing",
      `choose another with --key, or run: ssh-keygen -y -f ${file} > ${file}.pub`,
    ],
    [
      /(?:unknown|illegal|invalid) option|Too many arguments|^usage:/im,
      "this ssh-keygen cannot sign",
      "install OpenSSH 8.2 or newer",
    ],
  ];
  const [, problem = "ssh-keygen could not sign with it", hint] =
    known.find(([pattern]) => pattern.test(output)) ?? [];
  const lines = output.split("\n").filter((line) => !chatter.test(line));
  const details = hint === undefined ? lines.map(plainText).slice(-5) : [];
  return new UserError(`key ${keyFile}: ${problem}`, { code: "signing", hint, details });
}
