import assert from "node:assert/strict";
import { test } from "node:test";
import type { ManifestEntry } from "../../../src/core/actions/push.ts";
import { isPlain, plainManifest } from "../../../src/core/push/older-servers.ts";

const file = (path: string, mode = 0o644) => ({ path, mode, size: 1, sha256: "a".repeat(64) });
const link = (path: string, to: string) => ({ path, link: to });
const options = { pull: false, noCache: false };
const plain = (entries: readonly ManifestEntry[], folders = [{ path: "x", mode: 0o755 }]) =>
  plainManifest({ dockerfile: "Dockerfile", entries, folders, options });

test("entries are plain where servers of 0.1.0 take them", () => {
  const good = [file("a b/ü"), file("x", 0o600), file("x", 0), link("l", "a"), link("a/l", "..")];
  for (const entry of good) assert.equal(isPlain([entry]), true, entry.path);
  const other = [
    file("x", 0o4755),
    file("u\u0308"),
    file("a\nb"),
    file("\uFFFD"),
    file("C:\\x"),
    file("a\\..\\b"),
    link("l", "/etc"),
    link("l", ".."),
    link("a/l", "../../x"),
    link("l", "a\nb"),
    link("l", "u\u0308"),
  ];
  for (const entry of other) assert.equal(isPlain([file("a"), entry]), false, entry.path);
});

test("for a server of 0.1.0 names become NFC, special bits go, and folders stay behind", () => {
  const entries = [file("b/run", 0o4755), file("u\u0308"), file("v"), link("w", "u\u0308")];
  const folders = [
    { path: "b", mode: 0o700 },
    { path: "e", mode: 0o755 },
    { path: "f", mode: 0o700 },
    { path: "f/g", mode: 0o755 },
  ];
  assert.deepEqual(plain(entries, folders), {
    push: {
      dockerfile: "Dockerfile",
      entries: [file("b/run", 0o755), file("v"), link("w", "ü"), file("ü")],
      options,
    },
    emptyFolders: ["e", "f/g"],
    refused: [],
  });
});

test("what a server of 0.1.0 takes in no form is named", () => {
  const cases: readonly [entries: readonly ManifestEntry[], refused: string][] = [
    [[link("l", "/etc")], '"l": link points out of the build context, to "/etc"'],
    [[file("a\nb")], '"a\\nb": unusual name'],
    [[file("u\u0308"), file("ü")], '"ü": two files differ only in the spelling of a letter'],
  ];
  for (const [entries, refused] of cases) assert.deepEqual(plain(entries).refused, [refused]);
  const many = Array.from({ length: 30 }, (_, at) => link(`l${at}`, "/etc"));
  assert.equal(plain(many).refused.length, 20);
});
