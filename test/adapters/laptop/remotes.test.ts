import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { changeRemotes, readRemotes, remotesFile } from "../../../src/adapters/laptop/remotes.ts";

let home = "";
before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-remotes-"));
});
after(() => rm(home, { recursive: true }));

const place = (name: string) => ({
  env: { XDG_CONFIG_HOME: join(home, name) },
  home,
});
const writer = join(import.meta.dirname, "../../support/remotes-writer.ts");
/** What a process that is killed while it writes may leave. */
const isLeftOver = (file: string) => !["remotes.json", "remotes.json.lock"].includes(file);
const remote = (name: string) => ({
  name,
  origin: "https://paas.example.com",
  server: "0123456789abcdef",
  pin: undefined,
  fingerprint: undefined,
});

test("the file is below XDG_CONFIG_HOME, else ~/.config", () => {
  const file = (dir: string | undefined) =>
    remotesFile({ env: { XDG_CONFIG_HOME: dir }, home: "/h" });
  assert.equal(file(undefined), "/h/.config/mypaas/remotes.json");
  assert.equal(file("relative"), "/h/.config/mypaas/remotes.json");
  assert.equal(file("/x"), "/x/mypaas/remotes.json");
});

test("remotes are written for their owner only, beside an empty lock", async () => {
  const here = place("a");
  assert.deepEqual(await readRemotes(here), []);
  await changeRemotes(here, () => [{ ...remote("prod"), fingerprint: "SHA256:x" }]);
  assert.deepEqual(await readRemotes(here), [{ ...remote("prod"), fingerprint: "SHA256:x" }]);
  assert.equal((await stat(remotesFile(here))).mode & 0o777, 0o600);
  const lock = `${remotesFile(here)}.lock`;
  assert.deepEqual([(await stat(lock)).mode & 0o777, (await stat(lock)).size], [0o600, 0]);
  assert.deepEqual((await readdir(dirname(remotesFile(here)))).toSorted(), [
    "remotes.json",
    "remotes.json.lock",
  ]);
});

test("parallel changes are all kept", async () => {
  const here = place("b");
  const names = Array.from({ length: 10 }, (_, i) => `r${i}`);
  await Promise.all(names.map((name) => changeRemotes(here, (all) => [...all, remote(name)])));
  assert.deepEqual((await readRemotes(here)).map((r) => r.name).toSorted(), names);
});

test("a lock of another process is respected, and the wait for it ends", async () => {
  const here = { ...place("c"), pauseMs: 0 };
  const lock = `${remotesFile(here)}.lock`;
  await changeRemotes(here, () => [remote("prod")]);
  const { DatabaseSync } = await import("node:sqlite");
  const other = new DatabaseSync(lock);
  other.exec("BEGIN EXCLUSIVE");
  await assert.rejects(
    changeRemotes(here, () => []),
    {
      message: `${lock}: another mypaas command has the lock`,
      hint: "end the other command, then run this one again",
    },
  );
  other.close();
  await changeRemotes(here, () => []);
  assert.deepEqual(await readRemotes(here), []);
});

test("two processes that change remotes lose nothing, and a killed one does not keep the lock", async () => {
  const here = place("p");
  const add = (name: string, count: number) => {
    const args = [writer, remotesFile(here), name, String(count)];
    return spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  };
  const killed = add("k", 1_000_000);
  await once(killed.stdout, "data");
  const ended = once(killed, "exit");
  killed.kill("SIGKILL");
  await ended;
  const before = await readRemotes(here);
  const children = [add("a", 40), add("b", 40)];
  for (const child of children) child.stdout.resume();
  const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
  assert.deepEqual(codes, [0, 0]);
  const names = (await readRemotes(here)).map(({ name }) => name);
  const wanted = ["a", "b"].flatMap((who) => Array.from({ length: 40 }, (_, i) => `${who}${i}`));
  assert.deepEqual(names.slice(before.length).toSorted(), wanted.toSorted());
  const left = (await readdir(dirname(remotesFile(here)))).filter(isLeftOver);
  assert.ok(left.length <= 1, left.join(" "));
});

test("a damaged file is named with a hint", async () => {
  const here = place("d");
  const file = remotesFile(here);
  await mkdir(dirname(file), { recursive: true });
  for (const [text, what] of [
    ["", "it is empty"],
    ["{", "it is no JSON or cut off"],
    ["[]", "should be an object, got a list"],
    ["{}", "remotes: should be a list, got nothing"],
    ['{"remotes":[1]}', "remotes.1: should be an object, got a number"],
    ['{"remotes":[{"name":"x"}]}', "remotes.1.url: should be text, got nothing"],
    ['{"remotes":[{"name":"X","url":"https://x"}]}', 'no remote can be called "X"'],
    [
      '{"remotes":[{"name":"x","url":"http://x"}]}',
      'remote "http://x": should begin with https://',
    ],
  ] as const) {
    await writeFile(file, text);
    await assert.rejects(readRemotes(here), {
      message: `${file}: damaged: ${what}`,
      hint: `remove it and add your remotes again: rm ${file}`,
    });
  }
  await writeFile(file, '{"version":2,"remotes":{}}');
  await assert.rejects(readRemotes(here), {
    message: `${file}: written by a newer mypaas than this one (version 2, this one reads up to 1)`,
    hint: 'update mypaas here, see "Five minutes" in README.md',
  });
  await rm(file);
  await mkdir(file);
  await assert.rejects(readRemotes(here), { message: `${file}: not readable` });
});

test("a read-only folder is named with a hint", async () => {
  const here = place("e");
  await writeFile(join(home, "e"), "a file in the way");
  await assert.rejects(
    changeRemotes(here, (all) => all),
    {
      message: `${remotesFile(here)}: not writable (ENOTDIR)`,
      hint: "choose another folder: XDG_CONFIG_HOME=DIR",
    },
  );
});
