import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readProject } from "../../../src/adapters/laptop/project.ts";
import { scratch } from "../../support/worker.ts";

const env = { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1" };
const read = (folder: string, dockerfile = "Dockerfile") =>
  readProject({ dockerfile: join(folder, dockerfile), context: folder, env });

const git = (cwd: string, ...words: readonly string[]) =>
  execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@x", ...words], { cwd, env });

test("project: without git it is the folder on this machine, however it is reached", async (t) => {
  const dir = scratch(t);
  mkdirSync(join(dir, "app/sub"), { recursive: true });
  mkdirSync(join(dir, "other"));
  writeFileSync(join(dir, "app/Dockerfile"), "");
  writeFileSync(join(dir, "app/sub/Dockerfile"), "");
  symlinkSync(join(dir, "app"), join(dir, "link"));
  const [app, link, other, sub] = [
    await read(join(dir, "app")),
    await read(join(dir, "link")),
    await read(join(dir, "other")),
    await read(join(dir, "app"), "sub/Dockerfile"),
  ];
  assert.deepEqual(app, link);
  assert.deepEqual([app.origins, app.name, app.dockerfile], [[], "app", "Dockerfile"]);
  assert.equal(sub.dockerfile, "sub/Dockerfile");
  assert.notEqual(app.place, other.place);
  assert.equal(app.machine, other.machine);
});

test("project: copies of a repository have its remote, or else its first commit, in common", async (t) => {
  const dir = scratch(t);
  const [one, two] = [join(dir, "one"), join(dir, "two")];
  mkdirSync(join(one, "services/web"), { recursive: true });
  writeFileSync(join(one, "services/web/Dockerfile"), "");
  git(one, "init", "-q");
  assert.deepEqual((await read(one)).origins, []);
  git(one, "add", ".");
  git(one, "commit", "-qm", "first");
  cpSync(one, two, { recursive: true });
  const [first, copy] = [await read(join(one, "services/web")), await read(two)];
  assert.equal(first.origins.length, 1);
  assert.deepEqual(first.origins, copy.origins);
  assert.deepEqual([first.dockerfile, first.name], ["services/web/Dockerfile", "one"]);
  git(one, "remote", "add", "origin", "git@example.com:acme/shop.git");
  git(two, "remote", "add", "upstream", "https://token@example.com/acme/shop");
  const [ssh, https] = [await read(one), await read(two)];
  assert.deepEqual(ssh.origins, https.origins);
  assert.notDeepEqual(ssh.origins, first.origins);
  git(one, "worktree", "add", "-q", join(dir, "tree"));
  assert.deepEqual((await read(join(dir, "tree"))).origins, ssh.origins);
});
