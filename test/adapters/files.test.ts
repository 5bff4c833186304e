import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  ensureDirectory,
  ensureFile,
  readIfThere,
  writeFileAtomic,
} from "../../src/adapters/files.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mypaas-files-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string) => (await stat(path)).mode & 0o7777;

test("a file is replaced as a whole, with exactly the wanted mode", async () => {
  const file = join(folder, "a");
  await writeFile(file, "a long text from before", { mode: 0o600 });
  await writeFileAtomic(file, "new", { mode: 0o664 });
  assert.equal(await readFile(file, "utf8"), "new");
  assert.equal(await modeOf(file), 0o664);
  assert.deepEqual(await readdir(folder), ["a"]);
});

test("a failed write leaves nothing behind", async () => {
  await mkdir(join(folder, "taken", "x"), { recursive: true });
  await assert.rejects(writeFileAtomic(join(folder, "taken"), "new", { mode: 0o600 }));
  assert.deepEqual((await readdir(folder)).toSorted(), ["a", "taken"]);
  await rm(join(folder, "taken"), { recursive: true });
});

test("a file is written only where bytes or mode differ", async () => {
  const file = join(folder, "b");
  assert.equal(await ensureFile(file, "text", { mode: 0o640 }), "created");
  const { ino } = await stat(file);
  assert.equal(await ensureFile(file, "text", { mode: 0o640 }), "already there");
  assert.equal((await stat(file)).ino, ino);
  await chmod(file, 0o666);
  assert.equal(await ensureFile(file, "text", { mode: 0o640 }), "changed");
  assert.equal(await modeOf(file), 0o640);
  assert.equal(await ensureFile(file, "other", { mode: 0o640 }), "changed");
  assert.equal(await readFile(file, "utf8"), "other");
});

test("a directory gets its mode, whatever the umask", async () => {
  const path = join(folder, "c", "d");
  assert.equal(await ensureDirectory(path, { mode: 0o777 }), "created");
  assert.equal(await modeOf(path), 0o777);
  assert.equal(await ensureDirectory(path, { mode: 0o777 }), "already there");
  assert.equal(await ensureDirectory(path, { mode: 0o700 }), "changed");
});

test("a missing file has no bytes, one that cannot be read is an error", async () => {
  assert.equal(await readIfThere(join(folder, "nothing")), undefined);
  await assert.rejects(readIfThere(folder), { code: "EISDIR" });
});
