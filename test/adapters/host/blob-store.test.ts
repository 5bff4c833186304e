import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openBlobStore } from "../../../src/adapters/host/blob-store.ts";
import { refusal, scratch } from "../../support/worker.ts";

const blobOf = (text: string) => ({
  sha256: createHash("sha256").update(text).digest("hex"),
  size: Buffer.byteLength(text),
});

async function* bytes(...parts: readonly string[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield Buffer.from(part);
}

async function read(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function open(t: TestContext, free = 1e12) {
  const dir = join(scratch(t), "blobs");
  return {
    dir,
    store: openBlobStore({ dir, reserve: 1024 * 1024, freeBytes: () => Promise.resolve(free) }),
  };
}

const files = (dir: string) =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());

test("blob store: a stored blob comes back, and its file is readable for the owner only", async (t) => {
  const { dir, store } = open(t);
  const blob = blobOf("hello world");
  assert.equal(await store.has(blob), false);
  await store.put(blob, bytes("hello ", "world"));
  assert.equal(await store.has(blob), true);
  assert.equal(await read(store.open(blob)), "hello world");
  const file = join(dir, blob.sha256.slice(0, 2), blob.sha256);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("blob store: an empty blob is a blob", async (t) => {
  const { store } = open(t);
  await store.put(blobOf(""), bytes());
  assert.equal(await read(store.open(blobOf(""))), "");
});

const damages: readonly (readonly [string, string, string])[] = [
  ["too long", "hello world!", "more than its 11 bytes"],
  ["too short", "hello", "5 bytes instead of 11"],
  ["something else", "hello_world", `its content has the hash ${blobOf("hello_world").sha256}`],
];

for (const [title, content, what] of damages) {
  test(`blob store: bytes that are ${title} are refused and leave nothing`, async (t) => {
    const { dir, store } = open(t);
    const blob = blobOf("hello world");
    assert.equal(
      await refusal(() => store.put(blob, bytes(content))),
      `blob ${blob.sha256}: damaged: ${what}\nhint: push again: mypaas push`,
    );
    assert.deepEqual(files(dir), []);
  });

  test(`blob store: reading a file that became ${title} throws`, async (t) => {
    const { dir, store } = open(t);
    const blob = blobOf("hello world");
    await store.put(blob, bytes("hello world"));
    writeFileSync(join(dir, blob.sha256.slice(0, 2), blob.sha256), content);
    assert.match(await refusal(() => read(store.open(blob))), new RegExp(`damaged: ${what}`));
  });
}

test("blob store: naming a stored blob does not replace sending it", async (t) => {
  const { store } = open(t);
  const blob = blobOf("hello world");
  await store.put(blob, bytes("hello world"));
  assert.match(await refusal(() => store.put(blob, bytes("guess"))), /5 bytes instead of 11/);
  assert.equal(await read(store.open(blob)), "hello world");
});

test("blob store: it refuses before the disk is full, with the numbers", async (t) => {
  const { dir, store } = open(t, 3 * 1024 * 1024);
  await store.refuseWhenFull(2 * 1024 * 1024);
  assert.equal(
    await refusal(() => store.refuseWhenFull(2 * 1024 * 1024 + 1)),
    `disk: ${dir} has 3.0 MiB free, this needs 2.0 MiB and 1.0 MiB stay in reserve\nhint: free disk space on the server, see: docker system df`,
  );
});

test("blob store: a sweep removes unreferenced files, unless they are young", async (t) => {
  const { dir, store } = open(t);
  const [kept, old, young] = [blobOf("kept"), blobOf("old"), blobOf("young")];
  for (const [blob, text] of [
    [kept, "kept"],
    [old, "old"],
    [young, "young"],
  ] as const) {
    await store.put(blob, bytes(text));
    if (blob !== young) utimesSync(join(dir, blob.sha256.slice(0, 2), blob.sha256), 1, 1);
  }
  assert.equal(await store.sweep((sha256) => sha256 === kept.sha256), 1);
  assert.deepEqual(
    [await store.has(kept), await store.has(old), await store.has(young)],
    [true, false, true],
  );
});

test("blob store: a damaged file is refused, and can be stored again", async (t) => {
  const { dir, store } = open(t);
  const blob = blobOf("hello world");
  const file = join(dir, blob.sha256.slice(0, 2), blob.sha256);
  await store.put(blob, bytes("hello world"));
  writeFileSync(file, "hello_world");
  assert.match(await refusal(() => read(store.open(blob))), /^blob \w+: damaged: its content/);
  assert.equal(await store.has(blob), false);
  assert.equal(
    await refusal(() => read(store.open(blob))),
    `blob ${blob.sha256}: damaged: the file is missing\nhint: push again: mypaas push`,
  );
  await store.put(blob, bytes("hello world"));
  assert.equal(await read(store.open(blob)), "hello world");
});

test("blob store: a request with another size damages nothing", async (t) => {
  const { store } = open(t);
  const blob = blobOf("hello world");
  await store.put(blob, bytes("hello world"));
  assert.match(await refusal(() => read(store.open({ ...blob, size: 5 }))), /more than its 5/);
  assert.equal(await store.has(blob), true);
});
