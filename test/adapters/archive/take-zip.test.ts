import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createReadStream, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { takeArchive, takeArchiveFile } from "../../../src/adapters/archive/take-archive.ts";
import type { TakeLimits } from "../../../src/adapters/archive/taken.ts";
import { takeZip } from "../../../src/adapters/archive/take-zip.ts";
import { UserError } from "../../../src/core/errors.ts";
import { zipOf, type ZipMember } from "../../support/zip-bytes.ts";
import { scratch } from "../../support/worker.ts";

const own = { name: "Dockerfile", data: "# mypaas.servicename = web\nFROM scratch\n" };
const [link, folder, device] = [0o120777, 0o040755, 0o060644];

function take(t: TestContext, bytes: Buffer, limits?: TakeLimits) {
  const dir = scratch(t);
  writeFileSync(join(dir, "a.zip"), bytes);
  return takeZip(join(dir, "a.zip"), dir, limits);
}

async function refusal(t: TestContext, bytes: Buffer, limits?: TakeLimits): Promise<string> {
  const error = await take(t, bytes, limits).then(
    ({ entries }) => assert.fail(`taken: ${JSON.stringify(entries)}`),
    (failed: unknown) => failed,
  );
  assert.ok(error instanceof UserError, String((error as Error).stack));
  assert.equal(error.code, "archive");
  return [error.message, ...error.details].join("; ");
}

test("a zip becomes what a tar with the same files does", async (t) => {
  const bytes = zipOf([
    { name: "app/", mode: folder },
    { name: "app/Dockerfile", data: own.data, mode: 0o100664 },
    { name: "app/run.sh", data: "hi", mode: 0o106777 },
    { name: "app/plain", data: "from a system without modes" },
    { name: "app/é.txt", data: "1" },
    { name: "app/l", data: "../../etc", mode: link },
    { name: "app/none/", mode: folder },
  ]);
  const { entries, folders } = await take(t, bytes, { stripTop: true });
  assert.deepEqual(
    entries.map((one) => `${one.path} ${"link" in one ? one.link : one.mode.toString(8)}`),
    ["Dockerfile 644", "l ../../etc", "plain 644", "run.sh 755", "é.txt 644"],
  );
  assert.deepEqual(folders, [{ path: "none", mode: 0o755 }]);
});

const hostile: readonly (readonly [title: string, refused: RegExp, ...members: ZipMember[]])[] = [
  ["..", /invalid relative path: \.\.\/x/, own, { name: "../x" }],
  ["absolute", /absolute path: \/etc\/x/, own, { name: "/etc/x" }],
  ["a drive", /absolute path: C:x/, own, { name: "C:x" }],
  ["backslash", /invalid characters in fileName/, own, { name: "..\\x" }],
  ["twice", /"Dockerfile": is in it twice/, own, { name: "Dockerfile", data: "FROM evil" }],
  [
    "through a link",
    /"l\/x": path goes through/,
    own,
    { name: "l", data: "/etc", mode: link },
    { name: "l/x" },
  ],
  ["device", /"d": is a device, a fifo or a socket/, own, { name: "d", mode: device }],
  ["empty link", /link has no valid target/, own, { name: "l", mode: link }],
  ["long link", /link has no valid target/, own, { name: "l", data: "x".repeat(5000), mode: link }],
  ["encrypted", /"e": is encrypted/, own, { name: "e", data: "x", flags: 1 }],
  ["wrong checksum", /"c": is damaged/, own, { name: "c", data: "x", crc: 1 }],
  [
    "a size that lies",
    /is damaged: .*(too many|more) bytes/i,
    own,
    { name: "z", data: "0".repeat(9000), size: 10 },
  ],
  ["no file", /holds no file/, { name: "a/", mode: folder }],
  ["nothing", /holds no file/],
];

for (const [title, refused, ...members] of hostile)
  test(`refused: ${title}`, async (t) => {
    assert.match(await refusal(t, zipOf(members)), refused);
  });

test("a zip that was cut, changed or followed by something else is refused or taken whole", async (t) => {
  const good = zipOf([own, { name: "a", data: "1".repeat(300) }]);
  for (let length = 4; length < good.length; length += 11)
    assert.match(await refusal(t, good.subarray(0, length)), /is not whole|is damaged/);
  assert.match(
    await refusal(t, Buffer.concat([good, Buffer.alloc(70_000, 1)])),
    /is not whole|is damaged/,
  );
  let [taken, refused] = [0, 0];
  for (let at = 0; at < good.length; at += 3) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 0x41;
    await take(t, bytes).then(
      () => (taken += 1),
      (error: unknown) => {
        assert.ok(error instanceof UserError, String((error as Error).stack));
        refused += 1;
      },
    );
  }
  console.log(`${taken} taken, ${refused} refused`);
});

test("a bomb ends at the limit, also where many names share its bytes", async (t) => {
  const bomb: ZipMember = { name: "z", data: Buffer.alloc(30_000_000) };
  const before = process.memoryUsage().rss;
  assert.match(
    await refusal(t, zipOf([own, bomb]), { bytes: 20_000_000 }),
    /more than 20 MB when unpacked/,
  );
  const shared = zipOf([own, { name: "a", data: "x" }, { name: "b", data: "x", shared: true }]);
  assert.match(await refusal(t, shared), /"b": shares its bytes with another file/);
  assert.ok(process.memoryUsage().rss - before < 150_000_000);
});

test("what an archive is follows from its bytes, and a zip may come in a stream", async (t) => {
  const dir = scratch(t);
  const file = join(dir, "named.tar");
  writeFileSync(file, zipOf([own]));
  for (const take of [takeArchiveFile(file, dir, {}), takeArchive(createReadStream(file), dir, {})])
    assert.deepEqual((await take).entries.length, 1);
  assert.deepEqual(
    readdirSync(dir).filter((name) => name.endsWith(".zip")),
    [],
  );
});

test("what git archive writes as a zip has its commit", async (t) => {
  const dir = scratch(t);
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", dir, "-c", "user.name=a", "-c", "user.email=a@b", ...args]);
  git("init", "-q");
  writeFileSync(join(dir, "Dockerfile"), "FROM scratch\n");
  git("add", ".");
  git("commit", "-qm", "one");
  const taken = await take(t, git("archive", "--format=zip", "HEAD"));
  assert.equal(taken.commit, git("rev-parse", "HEAD").toString().trim());
});
