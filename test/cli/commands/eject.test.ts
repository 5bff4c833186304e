import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { check } from "../../../src/cli/commands/check.ts";
import { eject } from "../../../src/cli/commands/eject.ts";
import type { CommandIo } from "../../../src/cli/command.ts";
import { fakeWorld } from "../../support/world.ts";
import { madeFolders } from "../../support/made-folders.ts";

const root = await mkdtemp(join(tmpdir(), "mypaas-eject-"));
after(() => rm(root, { recursive: true }));

/** Writes one of the folders of the fixtures. */
async function folderOf(name: string, more: Readonly<Record<string, string>> = {}) {
  const folder = join(await mkdtemp(join(root, "at-")), "web");
  for (const [path, text] of Object.entries({ ...madeFolders[name], ...more })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function run(
  cwd: string,
  command: (args: { path?: string; generate?: boolean }, io: CommandIo) => unknown,
  path?: string,
) {
  const said: string[] = [];
  const io: CommandIo = {
    world: fakeWorld({ cwd }),
    say: (event) => void said.push("text" in event ? String(event.text) : event.kind),
    answer: (text) => void said.push(text),
    json: false,
  };
  await command({ generate: true, ...(path !== undefined && { path }) }, io);
  return said;
}

const lines = (name: string, text: string) => text.replaceAll(`= ${name}\n`, "= web\n");

test("eject writes what check --generate prints, and the .dockerignore of the fixture", async () => {
  for (const name of ["python-flask", "node-express", "static-site"]) {
    const folder = await folderOf(name);
    const printed = await run(folder, check);
    const said = await run(folder, eject);
    const dockerfile = await readFile(join(folder, "Dockerfile"), "utf8");
    assert.equal(`${printed.at(-1)}\n`, dockerfile);
    const fixture = lines(name, await readFile(`test/fixtures/generated/${name}`, "utf8"));
    const ignore = await readFile(join(folder, ".dockerignore"), "utf8");
    assert.equal(fixture.startsWith(`${dockerfile}\n# --- .dockerignore\n${ignore}`), true);
    assert.match(
      said.at(-1) ?? "",
      /^wrote Dockerfile and \.dockerignore for .*; push with it: mypaas push$/,
    );
  }
});

test("eject overwrites nothing, and a .dockerignore that is there stays", async () => {
  const folder = await folderOf("python-flask", { ".dockerignore": "mine\n" });
  const said = await run(dirname(folder), eject, "web");
  assert.equal(
    said.at(-1),
    "wrote web/Dockerfile for python (pip, flask); push with it: mypaas push web --context web",
  );
  assert.equal(await readFile(join(folder, ".dockerignore"), "utf8"), "mine\n");
  await writeFile(join(folder, "Dockerfile"), "mine\n");
  await assert.rejects(run(folder, eject), {
    message: "Dockerfile: is already there",
    hint: "push with it: mypaas push",
  });
  await assert.rejects(run(folder, check), {
    message: "Dockerfile: is there, so a push makes none",
    hint: "check it: mypaas check",
  });
  assert.equal(await readFile(join(folder, "Dockerfile"), "utf8"), "mine\n");
});

test("where the files do not tell, there is one question and no file", async () => {
  const folder = await folderOf("node-two-lock-files");
  for (const command of [check, eject])
    await assert.rejects(run(folder, command), {
      message: "package-lock.json and yarn.lock: which of them is right?",
      hint: "remove the other one",
    });
  assert.deepEqual((await readdir(folder)).toSorted(), [
    "package-lock.json",
    "package.json",
    "server.js",
    "yarn.lock",
  ]);
});

test("links, sockets of tools and deep folders do not disturb the listing", async () => {
  const folder = await folderOf("python-flask", {
    "node_modules/x/package.json": "{",
    "a/b/c/d/e/f": "",
  });
  await symlink("/etc", join(folder, "etc"));
  await symlink("nowhere", join(folder, "lost"));
  const said = await run(folder, check);
  assert.match(said.at(-1) ?? "", /^# Made by mypaas: python \(pip, flask\)/);
  await symlink("/dev/zero", join(folder, "Procfile"));
  await assert.rejects(run(folder, check), { message: "Procfile: is a link" });
  await rm(join(folder, "Procfile"));
});
