import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { chooseSigningKey, type KeyChoice } from "../../../src/adapters/laptop/signing-key.ts";
import { sign } from "../../../src/adapters/laptop/ssh-keygen.ts";
import { isSignedBy, readSshSignature } from "../../../src/core/ssh/sshsig.ts";
import { signatureNamespace } from "../../../src/core/wire/protocol.ts";

let home = "";
const file = (name: string) => join(home, name);
const env = { PATH: process.env["PATH"], HOME: "/nonexistent" };
const message = Buffer.from("a message");
const signal = new AbortController().signal;

before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-sign-"));
  await mkdir(file(".ssh"), { mode: 0o700 });
  const make = (name: string, passphrase: string, type = "ed25519") =>
    execFileSync("ssh-keygen", ["-q", "-t", type, "-N", passphrase, "-C", name, "-f", file(name)]);
  make("plain", "");
  make("locked", "secret", "ecdsa");
});
after(() => rm(home, { recursive: true }));

const signWith = (keyFile: string, more: object = {}) =>
  sign({ keyFile, message, env, hasTerminal: false, onText: () => {}, signal, ...more });

test("a key signs what the server can verify", async () => {
  const parts = readSshSignature(await signWith(file("plain")));
  assert.equal(isSignedBy(parts, signatureNamespace, message), true);
  assert.equal(isSignedBy(parts, signatureNamespace, Buffer.from("another")), false);
});

test("a key with a passphrase fails at once without a terminal", async () => {
  // A graphical prompt that would wait for ever.
  await writeFile(file("askpass"), "#!/bin/sh\nsleep 100\n", { mode: 0o755 });
  const graphical = { DISPLAY: ":9", SSH_ASKPASS: file("askpass"), SSH_ASKPASS_REQUIRE: "force" };
  await assert.rejects(signWith(file("locked"), { env: { ...env, ...graphical } }), {
    name: "UserError",
    message: `key ${file("locked")}: it has a passphrase, and there is no terminal to enter it`,
    hint: `load it into the agent first: ssh-add ${file("locked")}`,
  });
});

test("a program that never answers is ended", async () => {
  await mkdir(file("slow"));
  await writeFile(file("slow/ssh-keygen"), "#!/bin/sh\nexec sleep 100\n", { mode: 0o755 });
  const slow = { env: { PATH: `${file("slow")}:/bin` }, silentLimitMs: 20 };
  await assert.rejects(signWith(file("plain"), slow), {
    message: "ssh-keygen: no answer in 20 ms",
    hint: "run it in a terminal, or with another key: --key FILE",
  });
});

test("a wrong passphrase is reported as wrong with a terminal", async () => {
  await writeFile(file("answer"), "#!/bin/sh\necho wrong\n", { mode: 0o755 });
  const graphical = { DISPLAY: ":9", SSH_ASKPASS: file("answer"), SSH_ASKPASS_REQUIRE: "force" };
  await assert.rejects(
    signWith(file("locked"), { env: { ...env, ...graphical }, hasTerminal: true }),
    {
      message: `key ${file("locked")}: wrong passphrase`,
      hint: `load it into the agent once: ssh-add ${file("locked")}`,
    },
  );
});

test("each other error of ssh-keygen has its own message", async () => {
  await chmod(file("plain"), 0o644);
  await assert.rejects(signWith(file("plain")), {
    message: `key ${file("plain")}: other users can read it, so ssh-keygen refuses it`,
    hint: `run: chmod 600 ${file("plain")}`,
  });
  await chmod(file("plain"), 0o600);
  await writeFile(file("lone.pub"), await readFile(file("plain.pub")));
  await assert.rejects(signWith(file("lone.pub")), {
    message: `key ${file("lone.pub")}: the private key is neither beside it nor in the agent`,
    hint: `load it: ssh-add ${file("lone")}`,
  });
  await assert.rejects(signWith(file("none")), {
    message: `key ${file("none")}: no such key, or its public key file is missing`,
    hint: `choose another with --key, or run: ssh-keygen -y -f ${file("none")} > ${file("none")}.pub`,
  });
  await assert.rejects(signWith(file("plain"), { env: { PATH: home } }), {
    message: "ssh-keygen: not installed, and mypaas signs with it",
    hint: "install the client of OpenSSH: apt-get install openssh-client",
  });
  for (const [name, text, expected, hint] of [
    [
      "old",
      "echo 'unknown option -- Y' >&2; exit 1",
      "this ssh-keygen cannot sign",
      "install OpenSSH 8.2 or newer",
    ],
    [
      "bad",
      "echo 'agent refused operation' >&2; exit 1",
      "ssh-keygen could not sign with it",
      undefined,
    ],
    [
      "odd",
      "echo nonsense",
      "the answer of ssh-keygen is not an armoured SSH signature",
      undefined,
    ],
  ] as const) {
    await mkdir(file(name));
    await writeFile(join(file(name), "ssh-keygen"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    await assert.rejects(signWith(file("plain"), { env: { PATH: `${file(name)}:/bin` } }), {
      message: `key ${file("plain")}: ${expected}`,
      hint,
    });
  }
});

const choose = (more: Partial<KeyChoice> = {}) =>
  chooseSigningKey({
    option: undefined,
    remembered: undefined,
    env,
    home,
    cwd: home,
    signal,
    ...more,
  });

test("a key is chosen by option, then MYPAAS_KEY, then the usual files", async () => {
  await assert.rejects(choose(), {
    message: `no ssh key in ${join(home, ".ssh")} or in the agent`,
    hint: "make one: ssh-keygen -t ed25519, or name one: --key FILE",
  });
  await writeFile(file(".ssh/id_rsa"), "");
  await writeFile(file(".ssh/id_ed25519"), "");
  assert.equal((await choose()).file, file(".ssh/id_ed25519"));
  assert.equal((await choose({ env: { MYPAAS_KEY: "plain" } })).file, file("plain"));
  assert.equal((await choose({ env: { MYPAAS_KEY: "~/plain" } })).file, file("plain"));
  assert.equal((await choose({ option: "x", env: { MYPAAS_KEY: "plain" } })).file, file("x"));
});

test("the text of a private key is written for one signature and removed", async () => {
  const text = (await readFile(file("plain"), "utf8")).trim().replaceAll("\n", "\r\n");
  const key = await choose({ env: { MYPAAS_KEY: text } });
  assert.equal((await stat(key.file)).mode & 0o777, 0o600);
  assert.ok(await signWith(key.file));
  await key.dispose();
  await assert.rejects(stat(key.file));
});

test("the key that signed last time is found in the files and in the agent", async () => {
  const socket = file("agent.sock");
  const agent = spawn("ssh-agent", ["-D", "-a", socket], { stdio: "ignore" });
  try {
    for (let i = 0; !(await readdir(home)).includes("agent.sock") && i < 1000; i += 1)
      await new Promise((go) => setImmediate(go));
    const agentEnv = { ...env, SSH_AUTH_SOCK: socket };
    execFileSync("ssh-add", ["-q", file("plain")], { env: agentEnv, stdio: "ignore" });
    const shown = execFileSync("ssh-keygen", ["-lf", file("plain.pub")], { encoding: "utf8" });
    const remembered = shown.split(" ")[1];
    const key = await choose({ env: agentEnv, remembered });
    assert.match(key.file, /key\.pub$/);
    const blob = await signWith(key.file, { env: agentEnv });
    assert.equal(isSignedBy(readSshSignature(blob), signatureNamespace, message), true);
    await key.dispose();
    await writeFile(file(".ssh/id_rsa.pub"), await readFile(file("plain.pub")));
    assert.equal((await choose({ remembered })).file, file(".ssh/id_rsa"));
    assert.equal((await choose({ remembered: "SHA256:gone" })).file, file(".ssh/id_ed25519"));
  } finally {
    agent.kill();
  }
});
