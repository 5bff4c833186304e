import assert from "node:assert/strict";
import { test } from "node:test";
import { byPath, checkManifest, maxEntries } from "../../../src/core/push/manifest.ts";
import type { ManifestEntry, ManifestFolder } from "../../../src/core/actions/push.ts";

const sha256 = "a".repeat(64);
const file = (
  path: string,
  more: Partial<{ mode: number; size: number; sha256: string }> = {},
) => ({
  path,
  mode: 0o644,
  size: 1,
  sha256,
  ...more,
});
const dockerfile = file("Dockerfile");

function check(...entries: readonly ManifestEntry[]) {
  const options = { pull: false, noCache: false };
  const sorted = [...entries, dockerfile].toSorted(byPath);
  return checkManifest({ dockerfile: "Dockerfile", entries: sorted, options });
}

test("ordinary paths and links are fine", () => {
  const good = [
    file("a b/ü.txt"),
    file("bin/run", { mode: 0o755 }),
    file("bin/sudo", { mode: 0o4755 }),
    file("bin/none", { mode: 0 }),
    file("dev\\x2dsda.mount"),
    file("C:\\x"),
    file("a\\..\\b"),
    file("two\nlines"),
    file("u\u0308"),
    file("..data/...x"),
    file(`${"d".repeat(255)}/x`),
    { path: "lib/current", link: "../lib/v1" },
    { path: "self", link: "." },
    { path: ".venv/bin/python3", link: "/usr/bin/python3" },
    { path: "out", link: "../../x" },
    { path: "loop", link: "loop" },
  ];
  assert.deepEqual(check(...good), []);
});

test("each bad entry is named with its reason", () => {
  const cases: readonly [entry: ManifestEntry, problem: string][] = [
    [file(""), '"": path is empty'],
    [file("/etc/passwd"), '"/etc/passwd": path is not relative'],
    [file("a/../../b"), '"a/../../b": path leaves the build context'],
    [file(".."), '"..": path leaves the build context'],
    [file("a//b"), '"a//b": path has an empty or a . segment'],
    [file("a/"), '"a/": path has an empty or a . segment'],
    [file("./a"), '"./a": path has an empty or a . segment'],
    [file("a\0b"), '"a\\u0000b": path has control characters'],
    [file("\ud800"), '"\\ud800": path is not valid Unicode'],
    [file("n".repeat(256)), `"${"n".repeat(200)}…": path has a name longer than 255 bytes`],
    [file("p/".repeat(2100) + "x"), `"${"p/".repeat(100)}…": path is longer than 4096 bytes`],
    [file("Dockerfile/x"), '"Dockerfile/x": path goes through a file or a link'],
    [file("Dockerfile"), '"Dockerfile": path is listed twice'],
    [file("a", { mode: 0o10755 }), '"a": mode is not valid: 4589'],
    [file("a", { size: -1 }), '"a": size is not valid: -1'],
    [file("a", { size: 5e9 }), '"a": 5000000000 bytes, at most 4294967296 can be pushed'],
    [file("a", { sha256: "A" }), '"a": sha256 is not valid'],
    [file("a", { size: 2 }), '"a": size differs from another file with the same sha256'],
    [{ path: "l", link: "a\0" }, '"l": link has no valid target'],
    [{ path: "l", link: "" }, '"l": link has no valid target'],
    [{ path: "l", link: "\ud800" }, '"l": link has no valid target'],
    [{ path: "l", link: "x".repeat(4097) }, '"l": link has no valid target'],
  ];
  for (const [entry, problem] of cases) {
    const own = check(entry).map((text) =>
      // The first of two files with one sha256 is the innocent one.
      text.replace('"Dockerfile": size differs', '"a": size differs'),
    );
    assert.deepEqual(own, [problem]);
  }
});

test("folders are checked like entries, and cannot be files as well", () => {
  const options = { pull: false, noCache: false };
  const of = (folders: readonly ManifestFolder[], entries: readonly ManifestEntry[] = []) =>
    checkManifest({
      dockerfile: "Dockerfile",
      entries: [dockerfile, ...entries].toSorted(byPath),
      folders,
      options,
    });
  const folder = (path: string, mode = 0o755) => ({ path, mode });
  const link = { path: "l", link: "/etc" };
  assert.deepEqual(of([folder("a", 0o700), folder("a/b", 0o7777), folder("c", 0)], [link]), []);
  const cases: readonly [folders: readonly ManifestFolder[], problem: string][] = [
    [[folder("../a")], '"../a": path leaves the build context'],
    [[folder("/a")], '"/a": path is not relative'],
    [[folder("a", 0o10000)], '"a": mode is not valid: 4096'],
    [[folder("b"), folder("a")], '"a": path is not in sorted order'],
    [[folder("a"), folder("a")], '"a": path is listed twice'],
    [[folder("l")], '"l": is a file and a folder'],
    [[folder("l/a")], '"l/a": path goes through a file or a link'],
  ];
  for (const [folders, problem] of cases) assert.deepEqual(of(folders, [link]), [problem]);
  const many = Array.from({ length: maxEntries }, () => folder("a"));
  assert.deepEqual(of(many), [
    "build context: 100001 files and folders, at most 100000 can be pushed",
  ]);
});

test("a Dockerfile cannot have control characters in its path", () => {
  const entries = [file("Docker\nfile")];
  const options = { pull: false, noCache: false };
  assert.deepEqual(checkManifest({ dockerfile: "Docker\nfile", entries, options }), [
    'dockerfile: "Docker\\nfile" has control characters in its path',
  ]);
});

test("order, Dockerfile, number and sum of the files are checked", () => {
  const options = { pull: false, noCache: false };
  const of = (entries: readonly ManifestEntry[], name = "Dockerfile") =>
    checkManifest({ dockerfile: name, entries, options });
  assert.deepEqual(of([dockerfile, file("A")]), ['"A": path is not in sorted order']);
  assert.deepEqual(of([]), ['dockerfile: "Dockerfile" is not a file of the build context']);
  assert.deepEqual(of([{ path: "Dockerfile", link: "x" }]), [
    'dockerfile: "Dockerfile" is not a file of the build context',
  ]);
  assert.deepEqual(of(Array.from({ length: maxEntries + 1 }, () => dockerfile)), [
    "build context: 100001 files and folders, at most 100000 can be pushed",
  ]);
  const huge = Array.from({ length: 5 }, (_, i) =>
    file(`f${i}`, { size: 4_000_000_000, sha256: String(i).repeat(64) }),
  );
  assert.deepEqual(of([dockerfile, ...huge]), [
    "build context: 20000000001 bytes, at most 17179869184 can be pushed",
  ]);
  const bad = Array.from({ length: 50 }, (_, i) => file(`/${String(i).padStart(2, "0")}`));
  assert.equal(of(bad).length, 20);
});
