import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openState } from "../../../src/adapters/state/state.ts";
import { importKeys, readKeyLines } from "../../../src/adapters/state/keys.ts";
import { chooseKeys, enrol, keysOfFiles, keysOfUser } from "../../../src/cli/init/keys.ts";
import { wantedConfig } from "../../../src/cli/init/options.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mypaas-keys-"));
});
after(() => rm(folder, { recursive: true, force: true }));

function publicKey(name: string): string {
  const { x = "" } = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" });
  const part = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const blob = [part(Buffer.from("ssh-ed25519")), part(Buffer.from(x, "base64url"))];
  return `ssh-ed25519 ${Buffer.concat(blob).toString("base64")} ${name}`;
}

const configOf = (stateDir: string, home: string) =>
  wantedConfig(
    {},
    { stateDir, before: undefined, server: "0".repeat(16), owner: { name: "ann", home }, cwd: "/" },
  );

async function place(name: string, authorized: readonly string[]) {
  const home = join(folder, name, "home");
  const stateDir = join(folder, name, "state");
  await mkdir(join(home, ".ssh"), { recursive: true });
  await mkdir(join(stateDir, "receiver"), { recursive: true });
  await writeFile(join(home, ".ssh", "authorized_keys"), authorized.join("\n"));
  return configOf(stateDir, home);
}

test("of the calling user's keys those without options are taken, once each, the others named", async () => {
  const one = publicKey("one");
  const { owner } = await place("user", [
    "# mine",
    one,
    one,
    `services="a" ${publicKey("two")}`,
    "junk",
  ]);
  const { keys, skipped } = await keysOfUser(owner.home);
  assert.deepEqual(
    keys.map(({ name }) => name),
    ["one"],
  );
  assert.match(skipped[0] ?? "", /^SHA256:\S+ two: has options$/);
  assert.equal(skipped[1], `${owner.home}/.ssh/authorized_keys:5: no public key in "junk"`);
});

test("a user without keys stops init, except where somebody is enrolled already", async () => {
  const config = await place("none", []);
  const world = { cwd: folder };
  const { none } = await chooseKeys(undefined, config, world);
  assert.equal(none?.code, "no-key");
  await writeFile(join(config.stateDir, "receiver/authorized_keys"), publicKey("old"));
  assert.deepEqual(await chooseKeys(undefined, config, world), {
    keys: [],
    skipped: [],
  });
});

test("a second run does not bring back what is in the user's authorized_keys", async () => {
  const config = await place("again", [publicKey("removed")]);
  await writeFile(join(config.stateDir, "receiver/authorized_keys"), publicKey("old"));
  assert.deepEqual((await chooseKeys(undefined, config, { cwd: "/" })).keys, []);
});

test("named files are read as they are, with their options", async () => {
  await writeFile(join(folder, "ci.pub"), `services="web" ${publicKey("ci")}\n`);
  const { keys } = await keysOfFiles(["ci.pub"], folder);
  assert.deepEqual(
    keys.map(({ optionsText }) => optionsText),
    ['services="web"'],
  );
});

test("a named file that is none of a public key is refused", async () => {
  await writeFile(join(folder, "id"), "-----BEGIN OPENSSH PRIVATE KEY-----\n");
  await writeFile(join(folder, "empty.pub"), "\n");
  const cases = [
    [
      "id",
      'id:1: no public key in "-----BEGIN OPENSSH PRIVATE KEY-----"',
      "give the public key, the file that ends in .pub",
    ],
    ["empty.pub", "empty.pub: holds no public key", "make a key: ssh-keygen -t ed25519"],
    [
      "nowhere",
      `${folder}/nowhere: does not exist`,
      "give the file of a public key: mypaas init --key ~/.ssh/id_ed25519.pub",
    ],
    [
      ".",
      `${folder}: unreadable (EISDIR)`,
      "give the file of a public key: mypaas init --key ~/.ssh/id_ed25519.pub",
    ],
  ] as const;
  for (const [name, message, hint] of cases)
    await assert.rejects(keysOfFiles([name], folder), { name: "UserError", message, hint });
});

test("new keys go to the file for the worker's first start, and into its state once there is one", async () => {
  const config = await place("enrol", []);
  await writeFile(join(folder, "a.pub"), publicKey("a"));
  await writeFile(join(folder, "b.pub"), publicKey("b"));
  const a = (await keysOfFiles(["a.pub"], folder)).keys;
  const both = (await keysOfFiles(["a.pub", "b.pub"], folder)).keys;
  assert.equal((await enrol(config, a, 1)).found, "created");
  assert.equal((await enrol(config, a, 1)).found, "already there");
  openState(join(config.stateDir, "state.db")).close();
  const { found, added } = await enrol(config, both, 1);
  assert.equal(found, "changed");
  assert.deepEqual(
    added.map(({ name }) => name),
    ["b"],
  );
  const state = openState(join(config.stateDir, "state.db"));
  assert.deepEqual(
    readKeyLines(state).map(({ line }) => line),
    both.map(({ line }) => line),
  );
  state.close();
  const file = await readFile(join(config.stateDir, "receiver/authorized_keys"), "utf8");
  assert.equal(file.split("\n").length, 4);
});

test("a line that somebody wrote into the file by hand counts for nothing once there is a state", async () => {
  const config = await place("by-hand", []);
  await writeFile(join(folder, "c.pub"), publicKey("c"));
  const { keys } = await keysOfFiles(["c.pub"], folder);
  const file = join(config.stateDir, "receiver/authorized_keys");
  const state = openState(join(config.stateDir, "state.db"));
  importKeys(state, [], 1);
  await writeFile(file, `${keys[0]?.line}\n`);
  assert.deepEqual((await enrol(config, keys, 2)).added, keys);
  assert.deepEqual((await enrol(config, keys, 2)).added, []);
  assert.deepEqual(
    readKeyLines(state).map(({ line }) => line),
    keys.map(({ line }) => line),
  );
  state.close();
});
