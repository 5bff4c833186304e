import assert from "node:assert/strict";
import { access, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { SpoolLimits } from "../../../src/adapters/spool/account.ts";
import { openSpool } from "../../../src/adapters/spool/spool.ts";
import type { WantedBlob } from "../../../src/core/wire/protocol.ts";
import { blobOf, emptyDir, settle, sha256 } from "../../support/wire.ts";

const request = sha256("a request");
const mib = 1024 ** 2;

async function open(t: TestContext, limits: Partial<SpoolLimits> = {}, free = 1024 * mib) {
  const dir = await emptyDir(t);
  const disk = { free };
  const options = { dir, limits: { reserve: 0, ...limits }, freeBytes: async () => disk.free };
  const spool = await openSpool(options);
  const put = (blob: WantedBlob, ...pieces: readonly string[]) =>
    spool.write({ request, blob, range: undefined, bytes: bytes(pieces) });
  const range = (blob: WantedBlob, at: number, ...pieces: readonly string[]) =>
    spool.write({
      request,
      blob,
      range: { at, length: Buffer.byteLength(pieces.join("")) },
      bytes: bytes(pieces),
    });
  return { dir, disk, spool, put, range, folder: join(dir, request), options };
}

async function* bytes(pieces: readonly (string | Error)[]) {
  for (const piece of pieces) {
    if (piece instanceof Error) throw piece;
    yield await Promise.resolve(Buffer.from(piece));
  }
}

test("a whole blob is stored under its hash, without other files", async (t) => {
  const { put, folder, spool } = await open(t);
  const [empty, two] = [blobOf(""), blobOf("two pieces")];
  assert.equal(await put(two, "two ", "pieces"), 10);
  assert.equal(await put(empty), 0);
  assert.equal(await readFile(join(folder, two.sha256), "utf8"), "two pieces");
  assert.deepEqual((await readdir(folder)).toSorted(), [empty.sha256, two.sha256].toSorted());
  assert.deepEqual(await spool.received(request), new Set([empty.sha256, two.sha256]));
});

for (const [what, sent, message] of [
  ["too short", "hell", "ends after 4 bytes"],
  ["too long", "hello!", "more than 5 bytes"],
  ["of other content", "jello", `its content has the hash ${sha256("jello")}`],
] as const) {
  test(`a blob ${what} is refused and leaves nothing`, async (t) => {
    const { put, folder } = await open(t);
    const blob = blobOf("hello");
    await assert.rejects(put(blob, sent), {
      code: "bad-blob",
      message: `blob ${blob.sha256}: damaged: ${message}`,
      hint: "push again: mypaas push",
    });
    assert.deepEqual(await readdir(folder), []);
  });
}

test("the bytes of a broken range stay, a wrong end is removed", async (t) => {
  const { range, folder, spool } = await open(t);
  const blob = blobOf("hello world");
  const cut = bytes(["hello", new Error("line broke")]);
  const writing = { request, blob, range: { at: 0, length: 11 }, bytes: cut };
  await assert.rejects(spool.write(writing), /line broke/);
  assert.equal(await spool.have(request, blob), 5);
  await assert.rejects(range(blob, 5, " earth"), { code: "bad-blob" });
  assert.deepEqual(await readdir(folder), []);
  assert.equal(await range(blob, 0, "hello"), 5);
  assert.equal(await range(blob, 5, " wor", "ld"), 11);
  assert.equal(await readFile(join(folder, blob.sha256), "utf8"), "hello world");
});

test("a range anywhere but at the end is a conflict", async (t) => {
  const { range } = await open(t);
  const blob = blobOf("hello world");
  await range(blob, 0, "hello");
  for (const at of [0, 4, 6])
    await assert.rejects(range(blob, at, "x"), {
      code: "conflict",
      message: `blob ${blob.sha256}: range begins at ${at}, 5 bytes are stored`,
    });
});

test("the newest of two connections that send the same blob wins", async (t) => {
  const { put, spool, folder } = await open(t);
  const blob = blobOf("hello world");
  const wake = Promise.withResolvers<void>();
  async function* stuck() {
    yield Buffer.from("hello");
    await wake.promise;
    yield Buffer.from(" xxxxx");
  }
  const range = { at: 0, length: 11 };
  const older = spool.write({ request, blob, range, bytes: stuck() });
  const lost = assert.rejects(older, {
    code: "conflict",
    message: "upload: a newer connection sends the same blob",
  });
  await settle();
  assert.equal(await put(blob, "hello world"), 11);
  wake.resolve();
  await lost;
  assert.deepEqual(await readdir(folder), [blob.sha256]);
});

test("an upload that would fill the disk is refused before, with the numbers", async (t) => {
  const { put, dir } = await open(t, { reserve: 512 * mib }, 513 * mib);
  await assert.rejects(put({ sha256: sha256("x"), size: 2 * mib }, "x"), {
    code: "disk-full",
    message: "disk: 513.0 MiB free for uploads, this needs 2.0 MiB and 512.0 MiB stay in reserve",
    hint: "free disk space on the server, see: docker system df",
  });
  assert.deepEqual(await readdir(dir), []);
});

test("a disk that fills up during an upload is reported, and nothing of the blob stays", async (t) => {
  const { spool, folder, disk } = await open(t);
  disk.free = 0;
  const full = Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  disk.free = 3 * mib;
  const blob = { sha256: sha256("x"), size: 2 * mib };
  const writing = { request, blob, range: { at: 0, length: 10 }, bytes: bytes(["abc", full]) };
  await assert.rejects(spool.write(writing), {
    code: "disk-full",
    message: "disk: 3.0 MiB free for uploads, this needs 2.0 MiB and 0.0 MiB stay in reserve",
  });
  assert.deepEqual(await readdir(folder), []);
});

test("there are limits for one push, for all pushes and for their number", async (t) => {
  const { spool, put } = await open(t, { perRequest: 10, overall: 15, requests: 2 });
  const other = sha256("another request");
  const write = (id: string, text: string) =>
    spool.write({ request: id, blob: blobOf(text), range: undefined, bytes: bytes([text]) });
  await put(blobOf("12345678"), "12345678");
  await assert.rejects(put(blobOf("abc"), "abc"), {
    code: "too-large",
    message: "uploads: this push has 0.0 MiB stored and sends 0.0 MiB, at most 0.0 MiB are allowed",
    hint: "leave large files out with .dockerignore",
  });
  await write(other, "1234");
  await assert.rejects(write(other, "5678"), {
    code: "busy",
    message: "uploads: 0.0 MiB are stored and this push sends 0.0 MiB, at most 0.0 MiB are allowed",
    hint: "try again in some minutes: mypaas push",
  });
  await assert.rejects(write(sha256("third"), "x"), {
    code: "busy",
    message: "uploads: 2 are open, at most 2",
    hint: "try again in some minutes: mypaas push",
  });
  await spool.drop(other);
  assert.equal(await write(sha256("third"), "x"), 1);
});

test("a refused blob frees its reserved bytes", async (t) => {
  const { put } = await open(t, { perRequest: 5 });
  for (let time = 0; time < 3; time += 1)
    await assert.rejects(put(blobOf("hello"), "jello"), { code: "bad-blob" });
  assert.equal(await put(blobOf("hello"), "hello"), 5);
});

test("uploads of an earlier run are counted, and removed an hour after their last byte", async (t) => {
  const { put, options, folder, dir } = await open(t, { perRequest: 10 });
  await put(blobOf("12345678"), "12345678");
  const again = await openSpool(options);
  const late = { request, blob: blobOf("abc"), range: undefined, bytes: bytes(["abc"]) };
  await assert.rejects(again.write(late), { code: "too-large" });
  const then = new Date(1_000_000_000_000);
  await writeFile(join(folder, "x.part"), "");
  for (const name of [...(await readdir(folder)), "."])
    await utimes(join(folder, name), then, then);
  assert.equal(await again.sweep(then.getTime() + 60 * 60_000), 0);
  await access(folder);
  assert.equal(await again.sweep(then.getTime() + 60 * 60_000 + 1), 1);
  assert.deepEqual(await readdir(dir), []);
});

test("no name but a hash ever becomes a path", async (t) => {
  const { spool } = await open(t);
  for (const id of ["..", "../x", "", "A".repeat(64), `${request}/`, `${request}\0`])
    await assert.rejects(spool.have(id, blobOf("x")), {
      code: "bad-request",
      message: `id ${JSON.stringify(id)}: should be 64 hex digits`,
    });
});
