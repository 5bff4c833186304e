import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { openSpool } from "../../../src/adapters/spool/spool.ts";
import { receiveBatch } from "../../../src/adapters/spool/uploads.ts";
import { UserError } from "../../../src/core/errors.ts";
import { blobOf, emptyDir, sha256, tarOf } from "../../support/wire.ts";

const request = sha256("a request");
const wanted = [blobOf("one"), blobOf("two"), blobOf("")];
const [one, two, empty] = wanted.map(({ sha256: name }) => name);

async function upload(t: TestContext, ...pieces: readonly (Uint8Array | Error)[]) {
  const dir = await emptyDir(t);
  const spool = await openSpool({ dir, limits: { reserve: 0 } });
  const body = (async function* () {
    for (const piece of pieces) {
      if (piece instanceof Error) throw piece;
      yield await Promise.resolve(piece);
    }
  })();
  return {
    answer: receiveBatch({ spool, request, wanted, body }),
    stored: () => readdir(join(dir, request)).catch(() => []),
    spool,
  };
}

test("a batch is stored blob by blob, in pieces of any size", async (t) => {
  const tar = await tarOf([
    { name: one ?? "", data: "one" },
    { name: empty ?? "" },
    { name: two ?? "", data: "two" },
  ]);
  for (const size of [1, 511, 512, 513, 100_000]) {
    const pieces = [];
    for (let at = 0; at < tar.length; at += size) pieces.push(tar.subarray(at, at + size));
    const { answer, stored } = await upload(t, ...pieces);
    assert.deepEqual(await answer, [one, empty, two]);
    assert.deepEqual(new Set(await stored()), new Set([one, two, empty]));
  }
});

test("a batch sent again is fine", async (t) => {
  const tar = await tarOf([{ name: one ?? "", data: "one" }]);
  const { answer, spool } = await upload(t, tar);
  await answer;
  const body = (async function* () {
    yield await Promise.resolve(tar);
  })();
  assert.deepEqual(await receiveBatch({ spool, request, wanted, body }), [one]);
});

for (const [what, entry, message] of [
  [
    "a path",
    { name: "../../etc/passwd", data: "x" },
    'entry "../../etc/passwd": not wanted by this request',
  ],
  [
    "a link",
    { name: one ?? "", type: "symlink", linkname: "/etc/passwd" },
    `entry "${one}": is a symlink`,
  ],
  ["a folder", { name: one ?? "", type: "directory" }, `entry "${one}": is a directory`],
  [
    "a device",
    { name: one ?? "", type: "character-device" },
    `entry "${one}": is a character-device`,
  ],
  [
    "an unwanted blob",
    { name: sha256("x"), data: "x" },
    `entry "${sha256("x")}": not wanted by this request`,
  ],
  ["another size", { name: one ?? "", data: "ones" }, `entry "${one}": has 4 bytes, should have 3`],
] as const) {
  test(`a batch with ${what} is refused there, and earlier blobs stay`, async (t) => {
    const tar = await tarOf([{ name: two ?? "", data: "two" }, entry]);
    const { answer, stored } = await upload(t, tar);
    await assert.rejects(answer, { code: "bad-request", message: `batch: ${message}` });
    assert.deepEqual(await stored(), [two]);
  });
}

test("a blob whose content does not match its name is refused and not stored", async (t) => {
  const tar = await tarOf([
    { name: two ?? "", data: "two" },
    { name: one ?? "", data: "eno" },
  ]);
  const { answer, stored } = await upload(t, tar);
  await assert.rejects(answer, { code: "bad-blob" });
  assert.deepEqual(await stored(), [two]);
});

test("a broken batch keeps exactly the whole blobs that arrived", async (t) => {
  const tar = await tarOf([
    { name: one ?? "", data: "one" },
    { name: two ?? "", data: "two" },
  ]);
  for (const [length, kept] of [
    [100, []],
    [513, []],
    [1030, [one]],
    [1400, [one]],
    [1538, [one]],
  ] as const) {
    const ended = await upload(t, tar.subarray(0, length));
    await assert.rejects(ended.answer, {
      code: "bad-request",
      message: "batch: not a complete tar archive",
    });
    assert.deepEqual(await ended.stored(), kept);
    const stalled = new UserError("upload: cut off in the middle", { code: "bad-request" });
    const broken = await upload(t, tar.subarray(0, length), stalled);
    await assert.rejects(broken.answer, stalled);
    assert.deepEqual(await broken.stored(), kept);
  }
});

test("a body that is not a tar is refused", async (t) => {
  for (const bytes of [Buffer.from("hello"), Buffer.alloc(4096, "x")]) {
    const { answer, stored } = await upload(t, bytes);
    await assert.rejects(answer, {
      code: "bad-request",
      message: "batch: not a complete tar archive",
    });
    assert.deepEqual(await stored(), []);
  }
});
