import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { extract } from "tar-stream";
import { gitImage } from "../../../src/adapters/host/git-image.ts";

const root = `${import.meta.dirname}/../../..`;

test("the image of git's jail is the host's git with its libraries, and no shell", async () => {
  const { hash, tar } = await gitImage(root);
  assert.equal((await gitImage(root)).hash, hash);
  const names: string[] = [];
  const reading = Readable.from(tar()).pipe(extract());
  for await (const entry of reading) {
    names.push(entry.header.name);
    entry.resume();
  }
  assert.equal(names[0], "Dockerfile");
  assert.ok(names.includes("root/usr/bin/git"));
  assert.ok(names.includes("root/jail/hooks/pre-receive"));
  assert.ok(names.some((name) => /^root\/.*\/libc\.so\.6$/.test(name)));
  assert.ok(names.some((name) => /^root\/lib.*\/ld-linux[^/]*$/.test(name)));
  assert.deepEqual(
    names.filter((name) => /\/(ba|da)?sh$/.test(name)),
    [],
  );
});
