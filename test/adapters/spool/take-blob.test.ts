import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { link, mkdir, rename, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { takeBlob } from "../../../src/adapters/spool/take-blob.ts";
import type { WantedBlob } from "../../../src/core/wire/protocol.ts";
import { blobOf, emptyDir, sha256 } from "../../support/wire.ts";

const request = sha256("a request");
const wanted = blobOf("hello");

async function spoolWith(t: TestContext, make: (file: string, dir: string) => Promise<unknown>) {
  const dir = await emptyDir(t);
  await mkdir(join(dir, request));
  await make(join(dir, request, wanted.sha256), dir);
  return dir;
}

/** A sink like a store: it keeps nothing of a blob that fails. */
async function take(spoolDir: string, blob: WantedBlob = wanted, onChunk?: () => Promise<void>) {
  let stored = "";
  const put = async (_: WantedBlob, bytes: AsyncIterable<Uint8Array>) => {
    let text = "";
    for await (const chunk of bytes) {
      text += Buffer.from(chunk).toString();
      await onChunk?.();
    }
    stored = text;
  };
  await takeBlob({ spoolDir, request, wanted: blob, into: { put } });
  return stored;
}

test("a blob is copied as it is", async (t) => {
  assert.equal(await take(await spoolWith(t, (file) => writeFile(file, "hello"))), "hello");
});

test("an empty blob is a blob", async (t) => {
  const blob = blobOf("");
  const make = (file: string) => writeFile(file.replace(wanted.sha256, blob.sha256), "");
  assert.equal(await take(await spoolWith(t, make), blob), "");
});

test("a blob that was not uploaded is not found", async (t) => {
  const expected = {
    code: "not-found",
    message: `blob ${wanted.sha256}: has not been uploaded`,
    hint: "push again: mypaas push",
  };
  await assert.rejects(take(await spoolWith(t, async () => undefined)), expected);
  await assert.rejects(take(await emptyDir(t)), expected);
});

type Make = (file: string, dir: string) => Promise<unknown>;
const hostile: readonly (readonly [string, string, Make])[] = [
  ["a link to outside", "is not a regular file", (file) => symlink("/etc/hostname", file)],
  [
    "a link to a good file",
    "is not a regular file",
    async (file) => {
      await writeFile(`${file}.x`, "hello");
      await symlink(`${file}.x`, file);
    },
  ],
  ["a folder", "is not a regular file", (file) => mkdir(file)],
  ["a pipe", "is not a regular file", async (file) => execFileSync("mkfifo", [file])],
  [
    "a link in place of the request's folder",
    "is not a regular file",
    async (_file, dir) => {
      await mkdir(join(dir, "elsewhere"));
      await writeFile(join(dir, "elsewhere", wanted.sha256), "hello");
      await rename(join(dir, request), join(dir, "old"));
      await symlink(join(dir, "elsewhere"), join(dir, request));
    },
  ],
  ["a byte too many", "has 6 bytes", (file) => writeFile(file, "hello!")],
  [
    "a file with a hole of a terabyte",
    "has 1000000000000 bytes",
    async (file) => {
      await writeFile(file, "");
      await truncate(file, 1_000_000_000_000);
    },
  ],
  ["other content", "has another hash", (file) => writeFile(file, "jello")],
];

for (const [what, problem, make] of hostile) {
  test(`${what} in the spool is refused`, async (t) => {
    await assert.rejects(take(await spoolWith(t, make)), {
      code: "bad-blob",
      message: `blob ${wanted.sha256}: should be 5 bytes, ${problem}`,
      hint: "push again: mypaas push",
    });
  });
}

test("a blob that changes while it is read is refused", async (t) => {
  const text = "a".repeat(600_000);
  const blob = blobOf(text);
  let file = "";
  const dir = await spoolWith(t, async (name) => {
    file = name.replace(wanted.sha256, blob.sha256);
    await writeFile(file, text);
  });
  await assert.rejects(
    take(dir, blob, () => truncate(file, 300_000)),
    { message: `blob ${blob.sha256}: should be 600000 bytes, ends after 300000 bytes` },
  );
  await writeFile(file, text);
  await assert.rejects(
    take(dir, blob, () => writeFile(file, "b".repeat(600_000))),
    { message: `blob ${blob.sha256}: should be 600000 bytes, has another hash` },
  );
});

test("names with a path are refused before a file is opened", async (t) => {
  const dir = await emptyDir(t);
  const into = { put: async () => undefined };
  const bad = [
    { request: "..", wanted },
    { request: "a/".repeat(5000), wanted },
    { request, wanted: { sha256: "../../etc/passwd", size: 1 } },
  ];
  for (const taking of bad)
    await assert.rejects(takeBlob({ spoolDir: dir, into, ...taking }), { code: "bad-request" });
});

test("a hard link to a good file is fine", async (t) => {
  const dir = await spoolWith(t, async (file) => {
    await writeFile(`${file}.x`, "hello");
    await link(`${file}.x`, file);
  });
  assert.equal(await take(dir), "hello");
});
