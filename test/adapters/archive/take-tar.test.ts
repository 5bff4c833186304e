import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";
import { createGzip, gzipSync } from "node:zlib";
import type { TakeLimits } from "../../../src/adapters/archive/taken.ts";
import { takeTar } from "../../../src/adapters/archive/take-tar.ts";
import { UserError } from "../../../src/core/errors.ts";
import { tarHeader, tarOf, type Member } from "../../support/tar-bytes.ts";
import { scratch } from "../../support/worker.ts";

const dockerfile = "# mypaas.servicename = web\nFROM scratch\n";
const own: Member = { name: "Dockerfile", data: dockerfile };

/** In pieces of an odd size, as a network delivers them. */
async function* pieces(bytes: Buffer, length = 1000) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const take = (t: TestContext, bytes: Buffer, limits?: TakeLimits) =>
  takeTar(pieces(bytes), scratch(t), limits);

async function refusal(t: TestContext, bytes: Buffer, limits?: TakeLimits) {
  const error = await take(t, bytes, limits).then(
    ({ entries }) => assert.fail(`taken: ${JSON.stringify(entries)}`),
    (failed: unknown) => failed,
  );
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.code, "archive");
  return [error.message, ...error.details].join("; ");
}

const shown = ({ entries }: Awaited<ReturnType<typeof takeTar>>) =>
  entries.map(
    (one) => `${one.path}${"link" in one ? ` -> ${one.link}` : ` ${one.mode.toString(8)}`}`,
  );

test("a tar becomes entries, and its files blobs by sha256", async (t) => {
  const into = scratch(t);
  const bytes = await tarOf([
    { name: "app-1/", type: "directory", mode: 0o775 },
    { name: "app-1/Dockerfile", data: dockerfile, mode: 0o664 },
    { name: "app-1/run.sh", data: "hi", mode: 0o6777 },
    { name: "app-1/key", data: "k", mode: 0o600 },
    { name: "app-1/l", type: "symlink", linkname: "../../etc" },
    { name: "app-1/h", type: "link", linkname: "app-1/run.sh" },
    { name: "app-1/empty/", type: "directory", mode: 0o700 },
    { name: `app-1/a/${"b".repeat(200)}`, data: "long" },
  ]);
  for (const packed of [bytes, gzipSync(bytes)]) {
    const taken = await takeTar(pieces(packed, 77), into, { stripTop: true });
    assert.deepEqual(shown(taken), [
      "Dockerfile 644",
      `a/${"b".repeat(200)} 644`,
      "h 755",
      "key 600",
      "l -> ../../etc",
      "run.sh 755",
    ]);
    assert.deepEqual(taken.folders, [
      { path: "a", mode: 0o755 },
      { path: "empty", mode: 0o700 },
    ]);
    for (const one of taken.entries)
      if ("sha256" in one) assert.equal(readFileSync(join(into, one.sha256)).length, one.size);
  }
  assert.equal(readdirSync(into).length, 4);
});

test("the top folder stays unless it is asked for, and where something lies beside it", async (t) => {
  const one = await tarOf([{ name: "top/a", data: "1" }]);
  assert.deepEqual(shown(await take(t, one)), ["top/a 644"]);
  assert.deepEqual(shown(await take(t, one, { stripTop: true })), ["a 644"]);
  const two = await tarOf([
    { name: "top/a", data: "1" },
    { name: "tops", type: "directory" },
  ]);
  assert.deepEqual(shown(await take(t, two, { stripTop: true })), ["top/a 644"]);
});

const hostile: readonly (readonly [title: string, refused: RegExp, ...members: Member[]])[] = [
  ["..", /"a\/\.\.\/\.\.\/etc\/x": path leaves the archive/, own, { name: "a/../../etc/x" }],
  ["absolute", /"\/etc\/cron.d\/x": path is not relative/, own, { name: "/etc/cron.d/x" }],
  ["backslash", /path leaves the archive/, own, { name: "..\\..\\x" }],
  ["pax path", /path leaves the archive/, own, { name: "ok", pax: { path: "../../x" } }],
  [
    "hard link out",
    /a hard link to "etc\/shadow", which is not a file before it/,
    own,
    { name: "h", type: "link", linkname: "etc/shadow" },
  ],
  [
    "absolute hard link",
    /"\/etc\/shadow": path is not relative/,
    own,
    { name: "h", type: "link", linkname: "/etc/shadow" },
  ],
  [
    "hard link to a link",
    /not a file before it/,
    own,
    { name: "l", type: "symlink", linkname: "/etc/shadow" },
    { name: "h", type: "link", linkname: "l" },
  ],
  [
    "hard link forwards",
    /not a file before it/,
    { name: "h", type: "link", linkname: "Dockerfile" },
    own,
  ],
  [
    "through a link",
    /"l\/x": path goes through a file or a link/,
    own,
    { name: "l", type: "symlink", linkname: "/etc" },
    { name: "l/x" },
  ],
  ["through a file", /"Dockerfile\/x": path goes through/, own, { name: "Dockerfile/x" }],
  [
    "file and folder",
    /is a file and a folder|path goes through/,
    own,
    { name: "Dockerfile/", type: "directory" },
  ],
  ["block device", /"sda": is a device/, own, { name: "sda", type: "block-device", devmajor: 8 }],
  ["character device", /"null": is a device/, own, { name: "null", type: "character-device" }],
  ["fifo", /"p": is a fifo/, own, { name: "p", type: "fifo" }],
  ["twice", /"Dockerfile": is in it twice/, own, { name: "Dockerfile", data: "FROM evil" }],
  [
    "twice by another spelling",
    /"\.?\/?.*Dockerfile": is in it twice/,
    own,
    { name: "./Dockerfile", data: "FROM evil" },
  ],
  ["file and link", /is in it twice/, own, { name: "Dockerfile", type: "symlink", linkname: "x" }],
  [
    "sparse by pax",
    /sparse file of GNU tar/,
    own,
    { name: "s", pax: { "GNU.sparse.major": "1" }, data: "x" },
  ],
  [
    "empty link",
    /link has no valid target/,
    own,
    { name: "l", type: "symlink", linkname: "", pax: { linkpath: "" } },
  ],
  ["long name", /name longer than 255 bytes/, own, { name: `x/${"y".repeat(300)}` }],
  ["no file", /holds no file/, { name: "a/", type: "directory" }],
  ["nothing", /holds no file/],
];

for (const [title, refused, ...members] of hostile)
  test(`refused: ${title}`, async (t) => {
    assert.match(await refusal(t, await tarOf(members)), refused);
  });

test("names are data: control characters, backslashes and colons are letters", async (t) => {
  const odd = ["a\u001b[31m\nb", "c:\\d", "e\u0301"];
  const taken = await take(t, await tarOf([own, ...odd.map((name) => ({ name, data: "" }))]));
  assert.deepEqual(
    taken.entries.map(({ path }) => path),
    ["Dockerfile", ...odd],
  );
});

test("a name that is not UTF-8 is refused", async (t) => {
  const bytes = await tarOf([own, { name: "aXb", data: "" }]);
  const at = bytes.indexOf("aXb");
  bytes[at + 1] = 0xe9;
  const sum = Number.parseInt(bytes.toString("latin1", at + 148, at + 154), 8) - 0x58 + 0xe9;
  bytes.write(sum.toString(8).padStart(6, "0"), at + 148);
  assert.match(await refusal(t, bytes), /its name is not valid Unicode/);
});

test("what is no whole archive is refused in words", async (t) => {
  const good = await tarOf([own, { name: "big", data: Buffer.alloc(60_000, 1) }]);
  const end = Buffer.alloc(1024);
  const sparse = Buffer.concat([tarHeader("s", "0", "S"), end]);
  const cases: readonly (readonly [Buffer, RegExp])[] = [
    [Buffer.alloc(0), /^archive: is empty$/],
    [
      Buffer.from("<!doctype html><title>Sign in</title>".repeat(50)),
      /is a web page, not an archive/,
    ],
    [gzipSync(Buffer.from("<!doctype html>".repeat(50))), /not a tar archive|cut off/],
    [randomBytes(5000), /not a tar archive|cut off|is packed with/],
    [good.subarray(0, 700), /cut off/],
    [good.subarray(0, 30_000), /cut off/],
    // At the border of two members nothing but the missing end tells.
    [good.subarray(0, 1024), /cut off: the end of the archive is missing/],
    [gzipSync(good).subarray(0, -20), /cut off/],
    [gzipSync(good).subarray(0, 60), /cut off/],
    [Buffer.concat([tarHeader("a", "77777777777"), Buffer.alloc(1000)]), /cut off/],
    [Buffer.concat([tarHeader("a", "77777777777", "x"), Buffer.alloc(1000)]), /max size/],
    [sparse, /"s": is of a kind that is not known here/],
    [Buffer.concat([tarHeader("p", "0", "x"), end]), /holds no file/],
    [Buffer.from("504b0304aa", "hex"), /is a zip, which cannot be read from a pipe/],
    [Buffer.from("28b52ffd00", "hex"), /is packed with zstd/],
    [Buffer.from("fd377a585a0000", "hex"), /is packed with xz/],
    [Buffer.from("BZh91AY"), /is packed with bzip2/],
  ];
  for (const [bytes, said] of cases) assert.match(await refusal(t, bytes), said);
  const damaged = gzipSync(good);
  damaged[damaged.length - 6] = (damaged[damaged.length - 6] ?? 0) ^ 0xff;
  assert.match(await refusal(t, damaged), /damaged/);
});

test("every way to cut a good archive is refused", async (t) => {
  const packed = gzipSync(await tarOf([own, { name: "a", data: "1" }, { name: "b/c", data: "2" }]));
  let refused = 0;
  for (let length = 1; length < packed.length; length += 1) {
    const said = await refusal(t, packed.subarray(0, length));
    assert.match(said, /cut off|not a tar/, String(length));
    refused += 1;
  }
  console.log(`${refused} cut archives refused`);
});

test("changed bytes never end the process, and are refused or taken whole", async (t) => {
  const good = await tarOf([
    own,
    { name: "a", data: "1".repeat(600) },
    { name: "l", type: "symlink", linkname: "a" },
  ]);
  let [taken, refused] = [0, 0];
  for (let at = 0; at < good.length; at += 41) {
    const bytes = Buffer.from(good);
    bytes[at] = (bytes[at] ?? 0) ^ 0x41;
    try {
      await take(t, bytes);
      taken += 1;
    } catch (error) {
      assert.ok(error instanceof UserError, String((error as Error).stack));
      refused += 1;
    }
  }
  console.log(`${taken} taken, ${refused} refused`);
  assert.ok(refused > 5);
});

/** `count` zero bytes. */
function* zeros(count: number) {
  const piece = Buffer.alloc(64 * 1024);
  for (let left = count; left > 0; left -= piece.length)
    yield piece.subarray(0, Math.min(left, piece.length));
}

test("a bomb ends at the limit, also where its bytes are of no file", async (t) => {
  const million = 1_000_000;
  const size = (300 * million).toString(8);
  const inFile = Readable.from([tarHeader("z", size)].values()).take(1);
  const bombs = [
    async function* () {
      yield* inFile;
      yield* zeros(300 * million);
    },
    // Empty blocks, which tar passes over.
    async function* () {
      yield await tarOf([own]);
      yield* zeros(300 * million);
    },
  ];
  const before = process.memoryUsage().rss;
  for (const bomb of bombs) {
    const packed = Readable.from(bomb()).compose(createGzip()) as AsyncIterable<Buffer>;
    await assert.rejects(takeTar(packed, scratch(t), { bytes: 20 * million }), {
      message: "archive: more than 20 MB when unpacked",
    });
  }
  assert.ok(process.memoryUsage().rss - before < 150 * million);
});

test("many files and folders end at the limit", async (t) => {
  const folder = tarHeader("d/", "0", "5");
  async function* endless() {
    for (;;) yield Buffer.concat(Array.from({ length: 500 }, () => folder));
  }
  await assert.rejects(
    takeTar(endless(), scratch(t), { members: 2000 }),
    /more than 2000 files and folders/,
  );
});

test("what git archive writes has its commit", async (t) => {
  const dir = scratch(t);
  const git = (...args: string[]) =>
    execFileSync("git", ["-C", dir, "-c", "user.name=a", "-c", "user.email=a@b", ...args]);
  git("init", "-q");
  execFileSync("sh", ["-c", `printf 'FROM scratch' > ${dir}/Dockerfile`]);
  git("add", ".");
  git("commit", "-qm", "one");
  const head = git("rev-parse", "HEAD").toString().trim();
  for (const format of ["tar", "tar.gz"]) {
    const taken = await take(t, git("archive", `--format=${format}`, "HEAD"));
    assert.deepEqual(shown(taken), ["Dockerfile 644"]);
    assert.equal(taken.commit, head);
  }
});
