import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { knownServices, rememberServices } from "../../../src/adapters/laptop/known-services.ts";
import {
  remoteAdd,
  remoteDefault,
  remoteList,
  remoteRemove,
  remoteRename,
  remoteShow,
} from "../../../src/cli/commands/remote.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";

let home = "";
before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-remotes-"));
  const file = join(home, "id");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "me", "-f", file]);
});
after(() => rm(home, { recursive: true }));

const line = (srv: string) => `https://${srv}.example.com#srv=${srv.repeat(16)}`;
const answersOf = (run: { readonly answers: readonly unknown[] }) =>
  run.answers as readonly { readonly text: string; readonly json: unknown }[];

async function known(name: string, ...remotes: readonly string[]) {
  const world = { home: join(home, name), env: {} };
  for (const [index, remote] of remotes.entries()) {
    const url = line("abc"[index] ?? "d");
    // oxlint-disable-next-line no-await-in-loop
    await runCommand(world, (io) => remoteAdd({ name: remote, url }, io));
  }
  const names = async () => {
    const [listed] = answersOf(await runCommand(world, (io) => remoteList({}, io)));
    const { remotes: all } = (listed ?? assert.fail()).json as {
      readonly remotes: readonly { readonly name: string }[];
    };
    return all.map((one) => one.name);
  };
  return { world, names };
}

test("a remote becomes the default by going to the front", async () => {
  const { world, names } = await known("default", "prod", "staging", "test");
  const run = (name?: string) => runCommand(world, (io) => remoteDefault({ remote: name }, io));
  assert.deepEqual(answersOf(await run()), [{ text: "prod", json: { name: "prod" } }]);
  assert.deepEqual(answersOf(await run("staging")), [
    { text: "remote staging is the default of mypaas push", json: { name: "staging" } },
  ]);
  assert.deepEqual(await names(), ["staging", "prod", "test"]);
  const { error } = await run("gone");
  assert.equal(error?.message, 'remote "gone": not known here');
});

test("a remote that is renamed keeps its place and its services, and no name is taken twice", async () => {
  const { world, names } = await known("rename", "prod", "staging");
  await rememberServices(world, "prod", () => ["web"]);
  const run = (from: string, to: string) =>
    runCommand(world, (io) => remoteRename({ remote: from, name: to }, io));
  assert.deepEqual(answersOf(await run("prod", "main")), [
    { text: "remote prod is now called main", json: { name: "main", was: "prod" } },
  ]);
  assert.deepEqual(await names(), ["main", "staging"]);
  assert.deepEqual(await knownServices(world, "main"), ["web"]);
  assert.deepEqual(await knownServices(world, "prod"), []);
  const taken = await run("main", "staging");
  assert.deepEqual(
    [taken.error?.message, taken.error?.hint],
    [
      "remote staging: is there already",
      "choose another name, or remove that remote first: mypaas remote remove staging",
    ],
  );
  const bad = await run("main", "My Server");
  assert.equal(bad.error?.hint, "choose a short name: mypaas remote rename main main");
  await runCommand(world, (io) => remoteRemove({ remote: "main" }, io));
  assert.deepEqual(await knownServices(world, "main"), []);
});

test("a remote is shown with its server, its pin, the key that signs and the version that answers", async (t) => {
  const fake = await fakeWireServer(t, {
    signed: true,
    result: { version: "1.2.3", instance: "mypaas" },
  });
  const { origin, pin } = await fake.listenOnTls();
  const world = { home: join(home, "show"), env: { PATH: process.env["PATH"] } };
  const url = `${origin}#srv=0123456789abcdef&pin=${pin}`;
  await runCommand(world, (io) => remoteAdd({ name: "prod", url }, io));
  const key = join(home, "id");
  const run = (name: string) => runCommand(world, (io) => remoteShow({ remote: name, key }, io));
  const first = await run("prod");
  assert.equal(first.code, 0);
  assert.match(answersOf(first)[0]?.text ?? "", /^signs {4}not known yet/m);
  const shown = execFileSync("ssh-keygen", ["-lf", `${key}.pub`])
    .toString()
    .split(" ")[1];
  const second = await run("prod");
  assert.equal(
    answersOf(second)[0]?.text,
    `remote   prod, the default of mypaas push
address  ${origin}
server   0123456789abcdef
pin      ${pin}
signs    ${shown}
answers  mypaas 1.2.3`,
  );
  assert.deepEqual((await run("gone")).error?.code, "no-remote");
});

test("a remote that does not answer is shown all the same, with the reason, and that is exit code 1", async (t) => {
  const message = "key SHA256:x: not enrolled on this server";
  const fake = await fakeWireServer(t, {
    before: (_request, answer) => {
      answer.writeHead(401, { "content-type": "application/json" });
      answer.end(JSON.stringify({ error: { code: "unknown-key", message } }));
      return true;
    },
  });
  const { origin, pin } = await fake.listenOnTls();
  const world = { home: join(home, "away"), env: { PATH: process.env["PATH"] } };
  const url = `${origin}#srv=0123456789abcdef&pin=${pin}`;
  await runCommand(world, (io) => remoteAdd({ name: "prod", url }, io));
  const ran = await runCommand(world, (io) =>
    remoteShow({ remote: "prod", key: join(home, "id") }, io),
  );
  assert.equal(ran.code, 1);
  assert.match(answersOf(ran)[0]?.text ?? "", /^answers {2}no$/m);
  assert.deepEqual(ran.said, [{ kind: "warning", text: message }]);
});

test("names of services are kept for one remote each, sorted, once, and only for their owner", async () => {
  const world = { home: join(home, "names"), env: { XDG_CACHE_HOME: "relative" } };
  await mkdir(world.home);
  await rememberServices(world, "prod", () => ["web", "blog", "web"]);
  await rememberServices(world, undefined, (known) => [...known, "here"]);
  assert.deepEqual(await knownServices(world, "prod"), ["blog", "web"]);
  assert.deepEqual(await knownServices(world, undefined), ["here"]);
  const file = join(home, "names/.cache/mypaas/services/prod");
  assert.equal(await readFile(file, "utf8"), "blog\nweb\n");
  const elsewhere = { ...world, env: { XDG_CACHE_HOME: join(home, "x") } };
  assert.deepEqual(await knownServices(elsewhere, "prod"), []);
  const homeless = { home: join(home, "gone"), env: {} };
  await rememberServices(homeless, "prod", () => ["web"]);
  await assert.rejects(stat(homeless.home), { code: "ENOENT" });
  // A file in the way of the folder: nothing is remembered, and nothing fails.
  const blocked = { ...world, env: { XDG_CACHE_HOME: file } };
  await rememberServices(blocked, "prod", () => ["web"]);
  assert.deepEqual(await knownServices(blocked, "prod"), []);
});
