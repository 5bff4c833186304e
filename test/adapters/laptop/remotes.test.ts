import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
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
  pid: 7,
  now: () => Date.now(),
});
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

test("remotes are written for their owner only, and nothing else is left there", async () => {
  const here = place("a");
  assert.deepEqual(await readRemotes(here), []);
  await changeRemotes(here, () => [{ ...remote("prod"), fingerprint: "SHA256:x" }]);
  assert.deepEqual(await readRemotes(here), [{ ...remote("prod"), fingerprint: "SHA256:x" }]);
  assert.equal((await stat(remotesFile(here))).mode & 0o777, 0o600);
  assert.deepEqual(await readdir(dirname(remotesFile(here))), ["remotes.json"]);
});

test("changes made at the same moment are all there in the end", async () => {
  const here = place("b");
  const names = Array.from({ length: 10 }, (_, i) => `r${i}`);
  await Promise.all(names.map((name) => changeRemotes(here, (all) => [...all, remote(name)])));
  assert.deepEqual((await readRemotes(here)).map((r) => r.name).toSorted(), names);
});

test("a lock that a killed process left behind is taken over, a fresh one is respected", async () => {
  const here = place("c");
  const lock = `${remotesFile(here)}.lock`;
  await mkdir(dirname(lock), { recursive: true });
  await writeFile(lock, "");
  await utimes(lock, 1, 1);
  await changeRemotes(here, () => [remote("prod")]);
  await writeFile(lock, "");
  const frozen = { ...here, now: () => 0, pauseMs: 0 };
  await assert.rejects(
    changeRemotes(frozen, () => []),
    {
      message: `${lock}: another mypaas is writing the remotes`,
      hint: `when none is running: rm ${lock}`,
    },
  );
});

test("a damaged file says which and what to do", async () => {
  const here = place("d");
  const file = remotesFile(here);
  await mkdir(dirname(file), { recursive: true });
  for (const text of [
    "{",
    "{}",
    '{"remotes":[{"name":"x","url":"http://x"}]}',
    '{"remotes":[1]}',
  ]) {
    await writeFile(file, text);
    await assert.rejects(readRemotes(here), {
      message: `${file}: damaged`,
      hint: `remove it and add your remotes again: rm ${file}`,
    });
  }
  await rm(file);
  await mkdir(file);
  await assert.rejects(readRemotes(here), { message: `${file}: not readable` });
});

test("a folder in which nothing can be written says the way out", async () => {
  const here = place("e");
  await writeFile(join(home, "e"), "a file in the way");
  await assert.rejects(
    changeRemotes(here, (all) => all),
    {
      message: `${remotesFile(here)}: not writable (ENOTDIR)`,
      hint: "keep it in a folder of yours: XDG_CONFIG_HOME=DIR",
    },
  );
});
