import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { commitOf } from "../../../src/core/push/from.ts";
import { readCommit } from "../../../src/adapters/laptop/commit.ts";
import { scratch } from "../../support/worker.ts";

const env = { PATH: process.env["PATH"], HOME: "/nowhere" };

test("a folder has the commit, branch and subject of its repository", async (t) => {
  const dir = scratch(t);
  assert.deepEqual(await readCommit(dir, env), {});
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", dir, "-c", "user.name=a", "-c", "user.email=a@b", ...args], { env })
      .toString()
      .trim();
  git("init", "-qb", "main");
  assert.deepEqual(await readCommit(dir, env), {});
  mkdirSync(join(dir, "web"));
  writeFileSync(join(dir, "web", "Dockerfile"), "FROM scratch\n");
  git("add", ".");
  git("commit", "-qm", "one\n\nmore");
  const commit = git("rev-parse", "HEAD");
  const clean = { commit, branch: "main", subject: "one" };
  assert.deepEqual(await readCommit(join(dir, "web"), env), clean);
  // What lies beside the folder is no part of it.
  writeFileSync(join(dir, "other"), "x");
  assert.deepEqual(await readCommit(join(dir, "web"), env), clean);
  assert.deepEqual(await readCommit(dir, env), { ...clean, dirty: true });
  git("checkout", "-q", "--detach");
  writeFileSync(join(dir, "web", "Dockerfile"), "FROM a\n");
  assert.deepEqual(await readCommit(join(dir, "web"), env), {
    commit,
    subject: "one",
    dirty: true,
  });
});

test("what git says is sent in one line each", () => {
  const long = { commit: "a".repeat(40), branch: "a\u001bb", subject: `s\u2028${"x".repeat(300)}` };
  const { branch, subject } = commitOf({ ...long, isDirty: false });
  assert.equal(branch, "a b");
  assert.equal(subject?.length, 120);
});
