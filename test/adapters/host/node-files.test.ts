import assert from "node:assert/strict";
import { chmod, mkdir, symlink, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { nodeFiles } from "../../../src/adapters/host/node-files.ts";
import { emptyDir } from "../../support/wire.ts";

test("Node, its libraries and its loader are found, each once, links unresolved", async (t) => {
  const dir = await emptyDir(t);
  await mkdir(join(dir, "lib"));
  const [program, loader] = [join(dir, "my node"), join(dir, "lib", "ld.so")];
  const [libc, cpp] = [join(dir, "lib", "libc.so.6"), join(dir, "lib", "libstdc++.so.6")];
  await writeFile(program, elf(loader));
  for (const file of [libc, loader, `${cpp}.0.30`]) await writeFile(file, "");
  await symlink(`${cpp}.0.30`, cpp);
  const sharedObjects = () => [cpp, libc, loader, libc, program];
  const found = await nodeFiles({ execPath: program, sharedObjects });
  assert.deepEqual(found.files, [
    { source: program, target: "/node" },
    { source: libc, target: "/lib/libc.so.6" },
    { source: cpp, target: "/lib/libstdc++.so.6" },
    { source: loader, target: loader },
  ]);
});

test("the stamp changes with an update of a library, and only then", async (t) => {
  const dir = await emptyDir(t);
  const [execPath, library] = [join(dir, "node"), join(dir, "libc.so.6")];
  await writeFile(execPath, "");
  await writeFile(library, "old");
  const stamp = async () => (await nodeFiles({ execPath, sharedObjects: () => [library] })).stamp;
  const before = await stamp();
  assert.equal(await stamp(), before);
  await unlink(library);
  await writeFile(library, "newer");
  assert.notEqual(await stamp(), before);
});

test("a Node that only its owner may use is refused", async (t) => {
  const execPath = join(await emptyDir(t), "node");
  await writeFile(execPath, "");
  await chmod(execPath, 0o700);
  await assert.rejects(nodeFiles({ execPath, sharedObjects: () => [] }), {
    name: "UserError",
    message: `${execPath}: not readable for other users, such as the receiver's`,
    hint: `make it readable: chmod go+rx ${execPath}`,
  });
});

function elf(loader: string): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write("\x7fELF\x02\x01", "latin1");
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(3, 64);
  bytes.writeBigUInt64LE(128n, 72);
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), 96);
  bytes.write(loader, 128);
  return bytes;
}
