import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, rmSync } from "node:fs";
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { readRange, readWhole, unreadable } from "../../../src/adapters/laptop/source-file.ts";
import {
  changedSince,
  chooseContext,
  readSourceTree,
  type SourceTree,
} from "../../../src/adapters/laptop/source-tree.ts";

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

test("a tree becomes sorted entries with size, hash and permission bits", async () => {
  const root = await tree({ Dockerfile: "FROM x\n", "b/run": "#!", "a.txt": "", "c.txt": "" });
  await chmod(join(root, "b/run"), 0o700);
  await chmod(join(root, "a.txt"), 0o600);
  await chmod(join(root, "c.txt"), 0o4711);
  await symlink("run", join(root, "b/link"));
  const { entries, dockerfile, files, notes } = await read(root);
  const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
  assert.deepEqual(entries, [
    { path: "Dockerfile", mode: 0o644, size: 7, sha256: sha256("FROM x\n") },
    { path: "a.txt", mode: 0o600, size: 0, sha256: sha256("") },
    { path: "b/link", link: "run" },
    { path: "b/run", mode: 0o700, size: 2, sha256: sha256("#!") },
    { path: "c.txt", mode: 0o4711, size: 0, sha256: sha256("") },
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

test("a Procfile that is ignored is sent in a folder of its own, and only the one of the Dockerfile", async () => {
  const ignored = {
    ".dockerignore": "**/Procfile\n",
    Procfile: "a: b\n",
    "app/Procfile": "c: d\n",
  };
  const root = await tree({ ...ignored, Dockerfile: "", "app/Dockerfile": "" });
  const { entries } = await read(root, "app/Dockerfile");
  const sent = entries.find(({ path }) => path.endsWith("Procfile"));
  assert.deepEqual(
    [sent?.path, sent !== undefined && "sha256" in sent && sent.sha256],
    [".mypaas/Procfile", createHash("sha256").update("c: d\n").digest("hex")],
  );
  const plain = await tree({ Procfile: "a: b\n", Dockerfile: "" });
  assert.deepEqual(await paths(plain), ["Dockerfile", "Procfile"]);
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

test("a file name is sent as the disk spells it and is still found", async () => {
  const names = ["u\u0308.txt", "two\nlines", "back\\slash", "-rf", `${"n".repeat(255)}`];
  const root = await tree(Object.fromEntries(["Dockerfile", ...names].map((name) => [name, name])));
  const { entries, files } = await read(root);
  assert.deepEqual(
    entries.map(({ path }) => path),
    ["Dockerfile", ...names].toSorted(),
  );
  for (const source of files.values())
    assert.equal((await readWhole(source)).toString(), source.path);
});

test("a name or a link that is not Unicode is named, unless it is left out", async () => {
  const root = await tree({ Dockerfile: "" });
  const bad = Buffer.concat([Buffer.from(join(root, "caf")), Buffer.from([0xe9])]);
  await writeFile(bad, "");
  await assert.rejects(read(root), {
    message: "caf\uFFFD: its name is not valid Unicode",
    hint: "rename it, or add it to .dockerignore with ? for each such letter",
  });
  await writeFile(join(root, ".dockerignore"), "caf?");
  assert.deepEqual(await paths(root), [".dockerignore", "Dockerfile"]);
  await symlink(Buffer.from([0xe9]), join(root, "link"));
  await assert.rejects(read(root), {
    message: "link: its target is not valid Unicode",
    hint: "make the link anew, or add it to .dockerignore",
  });
});

test("links travel as they are, wherever they point, and are never followed", async () => {
  const root = await tree({ Dockerfile: "", "conf/x": "" });
  const links = [
    ["abs", "/etc/passwd"],
    ["dangling", "nowhere"],
    ["folder", "conf"],
    ["loop", "loop"],
    ["out", "../../.."],
  ] as const;
  for (const [path, link] of links) await symlink(link, join(root, path));
  const { entries, notes } = await read(root);
  assert.deepEqual(
    entries.filter((entry) => "link" in entry),
    links.map(([path, link]) => ({ path, link })),
  );
  assert.equal(entries.length, links.length + 2);
  assert.deepEqual(notes, []);
});

test("empty folders and folders with a mode of their own are listed, ignored ones are not", async () => {
  const root = await tree({
    Dockerfile: "",
    ".dockerignore": "big\nout\n!out/keep\nhollow/*\n",
    "src/a": "",
    "big/a": "",
    "out/keep": "",
    "out/other/x": "",
    "hollow/x": "",
  });
  for (const path of ["storage/cache/deep", "secret", "out/empty", ".git/refs"])
    await mkdir(join(root, path), { recursive: true });
  await chmod(join(root, "secret"), 0o1777);
  await chmod(join(root, "src"), 0o700);
  await chmod(join(root, "out"), 0o750);
  await chmod(join(root, "big"), 0o700);
  const { entries, folders } = await read(root);
  assert.deepEqual(folders, [
    { path: "hollow", mode: 0o755 },
    { path: "out", mode: 0o750 },
    { path: "secret", mode: 0o1777 },
    { path: "src", mode: 0o700 },
    { path: "storage/cache/deep", mode: 0o755 },
  ]);
  assert.deepEqual(
    entries.map(({ path }) => path),
    [".dockerignore", "Dockerfile", "out/keep", "src/a"],
  );
});

const age = (file: string) => utimes(file, 1, 1);
const only = async (source: Promise<SourceTree>) => {
  const [first] = (await source).files.values();
  return first ?? assert.fail();
};

test("a file that changed after it was hashed is refused, small or large", async () => {
  for (const text of ["shorter", "a longer text", "same len.!"]) {
    const root = await tree({ Dockerfile: "same len.." });
    await age(join(root, "Dockerfile"));
    const source = await only(read(root));
    await writeFile(join(root, "Dockerfile"), text);
    await utimes(join(root, "Dockerfile"), 2, 2);
    const changed = {
      name: "UserError",
      code: "changed",
      path: "Dockerfile",
      message: "Dockerfile: changed while it was being sent",
      hint: "push again: mypaas push; if it always changes, add it to .dockerignore",
    };
    await assert.rejects(readWhole(source), changed);
    await assert.rejects(collect(readRange(source, 0, source.size)), changed);
  }
});

test("a file that vanished after it was hashed, or became a folder or a link, has changed", async () => {
  const replacements: readonly ((file: string) => Promise<unknown>)[] = [
    async () => undefined,
    (file) => mkdir(file),
    (file) => symlink("/etc/passwd", file),
  ];
  for (const replace of replacements) {
    const root = await tree({ Dockerfile: "text" });
    const file = join(root, "Dockerfile");
    await age(file);
    const reading = await read(root);
    const [source = assert.fail()] = reading.files.values();
    await rm(file);
    await replace(file);
    assert.deepEqual(changedSince(reading), ["Dockerfile"]);
    await assert.rejects(readWhole(source), { path: "Dockerfile" });
    await assert.rejects(collect(readRange(source, 0, 4)), { path: "Dockerfile" });
  }
});

test("a file that was just written is sent as it was read, whatever becomes of it", async () => {
  const root = await tree({ Dockerfile: "line 1\n" });
  const reading = await read(root);
  await appendFile(join(root, "Dockerfile"), "line 2\n");
  const [source = assert.fail()] = reading.files.values();
  assert.equal((await readWhole(source)).toString(), "line 1\n");
  assert.equal(Buffer.concat(await collect(readRange(source, 2, 7))).toString(), "ne 1\n");
  assert.deepEqual(changedSince(reading), []);
});

test("a file that changes while the tree is read is read once more, and those bytes are sent", async () => {
  const root = await tree({ Dockerfile: "", "a.log": "x".repeat(3_000_000), vanishing: "1" });
  for (const name of ["Dockerfile", "a.log", "vanishing"]) await age(join(root, name));
  let isLater = false;
  const onRead = () => {
    if (isLater) return;
    isLater = true;
    appendFileSync(join(root, "a.log"), "more");
    rmSync(join(root, "vanishing"));
  };
  const place = { dockerfile: join(root, "Dockerfile"), context: root, onRead };
  const reading = await readSourceTree(place);
  assert.deepEqual(
    reading.entries.map(({ path, ...more }) => [path, "size" in more && more.size]),
    [
      ["Dockerfile", 0],
      ["a.log", 3_000_004],
    ],
  );
  await appendFile(join(root, "a.log"), "again");
  const log = [...reading.files.values()].find(({ path }) => path === "a.log") ?? assert.fail();
  const bytes = Buffer.concat(await collect(readRange(log, 0, log.size)));
  assert.equal(createHash("sha256").update(bytes).digest("hex"), log.sha256);
  reading.close();
  reading.close();
});

test("the copy of a large file that changes needs room, and says so where there is none", async () => {
  const root = await tree({ Dockerfile: "", "db.sqlite": "x".repeat(1_100_000) });
  const place = { dockerfile: join(root, "Dockerfile"), context: root };
  const changing = new Set(["db.sqlite"]);
  const gone = join(root, "gone");
  await assert.rejects(readSourceTree({ ...place, changing, temporary: gone }), {
    code: "no-room",
    message: `db.sqlite: changes while it is read, and its copy of 1.1 MB has no room: ${gone} does not exist`,
    hint: "add it to .dockerignore, or name another folder for copies: TMPDIR=/path",
  });
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
  const changing = "push again: mypaas push; if it always changes, add it to .dockerignore";
  const cases: readonly [code: string, message: string, hint: string][] = [
    ["EACCES", "f: no permission to read it", "change its permissions, or add it to .dockerignore"],
    ["EPERM", "f: no permission to read it", "change its permissions, or add it to .dockerignore"],
    ["ELOOP", "f: became a link while it was being read", changing],
    ["EISDIR", "f: became a folder while it was being read", changing],
    ["ENOTDIR", "f: its folder became a file while it was being read", changing],
    ["ENXIO", "f: became a socket while it was being read", changing],
    ["EIO", "f: the disk cannot read it", "check the disk: dmesg"],
    ["ENAMETOOLONG", "f: its path is too long", "add it to .dockerignore"],
  ];
  for (const [code, message, hint] of cases) {
    const error = unreadable("f", Object.assign(new Error("x"), { code }));
    assert.deepEqual([error.message, error.hint], [message, hint]);
  }
});

test("a file that is too large is refused before it is read", async () => {
  const root = await tree({ Dockerfile: "", "disk.img": "" });
  await truncate(join(root, "disk.img"), 2 ** 40);
  await assert.rejects(read(root), {
    message: "disk.img: 1099511627776 bytes, at most 4294967296 can be pushed",
    hint: "add it to .dockerignore",
  });
  await rm(join(root, "disk.img"));
});

test("a Dockerfile that is a directory is refused", async () => {
  const root = await tree({ "Dockerfile/x": "" });
  await assert.rejects(read(root), { message: `${join(root, "Dockerfile")}: not a file` });
});
