import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { readRange, readWhole, unreadable } from "../../../src/adapters/laptop/source-file.ts";
import { chooseContext, readSourceTree } from "../../../src/adapters/laptop/source-tree.ts";

const folders: string[] = [];
after(async () => {
  await Promise.all(folders.map((folder) => rm(folder, { recursive: true })));
});

async function tree(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "mypaas-tree-"));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const read = (root: string, dockerfile = "Dockerfile") =>
  readSourceTree({ dockerfile: join(root, dockerfile), context: root });
async function collect<T>(items: AsyncIterable<T>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
const paths = async (root: string, dockerfile?: string) =>
  (await read(root, dockerfile)).entries.map((entry) => entry.path);

test("a tree becomes sorted entries with size, hash and normalised mode", async () => {
  const root = await tree({ Dockerfile: "FROM x\n", "b/run": "#!", "a.txt": "", "c.txt": "" });
  await chmod(join(root, "b/run"), 0o700);
  await chmod(join(root, "a.txt"), 0o600);
  await symlink("run", join(root, "b/link"));
  const { entries, dockerfile, files, notes } = await read(root);
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  assert.deepEqual(entries, [
    { path: "Dockerfile", mode: 0o644, size: 7, sha256: sha256("FROM x\n") },
    { path: "a.txt", mode: 0o644, size: 0, sha256: sha256("") },
    { path: "b/link", link: "run" },
    { path: "b/run", mode: 0o755, size: 2, sha256: sha256("#!") },
    { path: "c.txt", mode: 0o644, size: 0, sha256: sha256("") },
  ]);
  assert.equal(dockerfile, "Dockerfile");
  assert.equal(files.size, 3);
  assert.deepEqual(notes, []);
});

test(".git and ignored files are left out, the Dockerfile and .dockerignore never are", async () => {
  const root = await tree({
    ".dockerignore": "*\n!src\nsrc/secret\n",
    ".git/config": "",
    "src/.git": "gitdir: x",
    "src/a": "",
    "src/secret/key": "",
    "build/Dockerfile": "",
    "build/other": "",
  });
  assert.deepEqual(await paths(root, "build/Dockerfile"), [
    ".dockerignore",
    "build/Dockerfile",
    "src/a",
  ]);
});

test("an ignored directory is not opened, and another one that cannot be opened is named", async () => {
  const root = await tree({ ".dockerignore": "big\n!src/x\n", Dockerfile: "", "big/a": "" });
  await chmod(root, 0o755);
  await chmod(join(root, "big"), 0);
  const uid = process.geteuid?.();
  process.seteuid?.(65534);
  try {
    assert.deepEqual(await paths(root), [".dockerignore", "Dockerfile"]);
    await assert.rejects(
      readSourceTree({ dockerfile: join(root, "Dockerfile"), context: join(root, "big") }),
      { message: ".dockerignore: no permission to read it" },
    );
  } finally {
    process.seteuid?.(uid ?? 0);
  }
});

test("an ignore file beside the Dockerfile wins", async () => {
  const root = await tree({
    ".dockerignore": "a\n",
    "app.Dockerfile": "",
    "app.Dockerfile.dockerignore": "b\n",
    a: "",
    b: "",
  });
  assert.deepEqual(await paths(root, "app.Dockerfile"), [
    ".dockerignore",
    "a",
    "app.Dockerfile",
    "app.Dockerfile.dockerignore",
  ]);
});

test("a Dockerfile that is outside the context, or a link, is sent in a folder of its own", async () => {
  const root = await tree({
    "docker/web": "FROM web\n",
    "app/a": "",
    "app/.mypaas/Dockerfile": "",
  });
  const outside = await readSourceTree({
    dockerfile: join(root, "docker/web"),
    context: join(root, "app"),
  });
  assert.equal(outside.dockerfile, ".mypaas/Dockerfile.2");
  assert.equal(outside.entries.filter((e) => e.path === outside.dockerfile).length, 1);
  await symlink("../docker/web", join(root, "app/Dockerfile"));
  const linked = await read(join(root, "app"));
  assert.equal(linked.dockerfile, ".mypaas/Dockerfile.2");
});

test("the context is the current directory when the Dockerfile is in or below it, else its own", () => {
  assert.equal(chooseContext("/w/app/Dockerfile", "/w/app"), "/w/app");
  assert.equal(chooseContext("/w/app/docker/Dockerfile", "/w/app"), "/w/app");
  assert.equal(chooseContext("/w/app/Dockerfile", "/w/other"), "/w/app");
  assert.equal(chooseContext("/w/app2/Dockerfile", "/w/app"), "/w/app2");
  assert.equal(chooseContext("/w/app/Dockerfile", "/"), "/w/app");
});

test("fifos and sockets are left out with a note", async () => {
  const root = await tree({ Dockerfile: "" });
  execFileSync("mkfifo", [join(root, "pipe")]);
  const { entries, notes } = await read(root);
  assert.equal(entries.length, 1);
  assert.deepEqual(notes, ["pipe: left out, it is a fifo"]);
});

test("a file name in decomposed Unicode is sent composed and is still found", async () => {
  const root = await tree({ Dockerfile: "", "u\u0308.txt": "hi" });
  const result = await read(root);
  assert.deepEqual(
    result.entries.map((e) => e.path),
    ["Dockerfile", "ü.txt"],
  );
  assert.ok((await readdir(root)).includes("u\u0308.txt"));
  const entry = result.entries[1];
  assert.ok(entry && "sha256" in entry);
  const source = result.files.get(entry.sha256);
  assert.ok(source);
  assert.equal((await readWhole(source)).toString(), "hi");
});

test("a file that changed after it was hashed is refused, small or large", async () => {
  for (const text of ["shorter", "a longer text", "same len.!"]) {
    const root = await tree({ Dockerfile: "same len.." });
    const [source] = (await read(root)).files.values();
    assert.ok(source);
    await writeFile(join(root, "Dockerfile"), text);
    await utimes(join(root, "Dockerfile"), 1, 1);
    const changed = {
      name: "UserError",
      code: "changed",
      message: "Dockerfile: changed while it was being sent",
      hint: "push again: mypaas push",
    };
    await assert.rejects(readWhole(source), changed);
    await assert.rejects(collect(readRange(source, 0, source.size)), changed);
  }
});

test("a range of a file is read piece by piece", async () => {
  const root = await tree({ Dockerfile: "x".repeat(600_000) });
  const [source] = (await read(root)).files.values();
  assert.ok(source);
  const sizes = (await collect(readRange(source, 100, 600_000))).map((piece) => piece.length);
  assert.deepEqual(sizes, [262_144, 262_144, 75_612]);
});

test("a file that cannot be read is named with the reason", async () => {
  const root = await tree({ "x/y": "" });
  await assert.rejects(read(root), {
    message: `${join(root, "Dockerfile")}: no longer exists`,
    hint: "push again: mypaas push",
  });
  const cases: readonly [code: string, message: string, hint: string][] = [
    ["EACCES", "f: no permission to read it", "change its permissions, or add it to .dockerignore"],
    ["EPERM", "f: no permission to read it", "change its permissions, or add it to .dockerignore"],
    ["ELOOP", "f: became a link while it was being read", "push again: mypaas push"],
    ["EIO", "f: the disk cannot read it", "check the disk: dmesg"],
    ["ENAMETOOLONG", "f: its path is too long", "add it to .dockerignore"],
  ];
  for (const [code, message, hint] of cases) {
    const error = unreadable("f", Object.assign(new Error("x"), { code }));
    assert.deepEqual([error.message, error.hint], [message, hint]);
  }
});

test("a Dockerfile that is a directory is refused", async () => {
  const root = await tree({ "Dockerfile/x": "" });
  await assert.rejects(read(root), { message: `${join(root, "Dockerfile")}: not a file` });
});
