import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import {
  coversOf,
  uncoveredPaths,
  volumeLines,
  volumePath,
} from "../../../src/core/release/declared-volumes.ts";
import type { VolumeSpec } from "../../../src/core/release/spec.ts";

const volume = (kind: VolumeSpec["kind"], target: string): VolumeSpec => ({
  kind,
  source: kind === "none" ? "" : "data",
  target,
  readOnly: false,
});

const cases: readonly (readonly [
  string,
  readonly string[],
  readonly VolumeSpec[],
  readonly string[],
])[] = [
  ["nothing declared", [], [], []],
  ["nothing covered", ["/b", "/a"], [], ["/a", "/b"]],
  ["a named volume at the path", ["/a"], [volume("named", "/a")], []],
  ["a folder at the path", ["/a"], [volume("home", "/a")], []],
  ["a slash at the end, and twice", ["/a/", "//a"], [volume("named", "/a")], []],
  ["a relative path", ["a/../b"], [], ["/b"]],
  ["a volume above", ["/a/b"], [volume("named", "/a")], ["/a/b"]],
  ["a volume below", ["/a"], [volume("named", "/a/b")], ["/a"]],
  ["thrown away above", ["/a/b", "/ab"], [volume("none", "/a")], ["/ab"]],
  ["thrown away below", ["/a"], [volume("none", "/a/b")], ["/a"]],
  ["the root, which Docker refuses", ["/"], [], []],
];

for (const [title, declared, volumes, expected] of cases)
  test(`VOLUME: ${title}`, () =>
    assert.deepEqual(uncoveredPaths(declared, coversOf(volumes)), expected));

test("VOLUME: a path is absolute and has no slash at its end", () => {
  const written = ["/a", "/a/", "a", "./a", "//a//b/", "/a/../b", "/"];
  assert.deepEqual(written.map(volumePath), ["/a", "/a", "/a", "/a", "/a/b", "/b", "/"]);
});

test("VOLUME: each path gets lines with a name of its own", () => {
  const lines = (paths: readonly string[], volumes: readonly VolumeSpec[] = []) =>
    volumeLines(paths, volumes).map(({ keep, throwAway }) => [keep, throwAway].join(" | "));
  assert.deepEqual(lines(["/var/lib/db"]), [
    "# mypaas.volume = data:/var/lib/db | # mypaas.volume = none:/var/lib/db",
  ]);
  assert.deepEqual(lines(["/a/x y", "/b/none", "/c/x-y"], [volume("named", "/d")]), [
    "# mypaas.volume = x-y:/a/x y | # mypaas.volume = none:/a/x y",
    "# mypaas.volume = data-2:/b/none | # mypaas.volume = none:/b/none",
    "# mypaas.volume = x-y-2:/c/x-y | # mypaas.volume = none:/c/x-y",
  ]);
});

/** Lines of the problems of a Dockerfile. */
function problems(text: string): readonly string[] {
  const file = `# mypaas.servicename = web\n${text}`;
  return parseDockerfile(Buffer.from(file), "Dockerfile").problems.map(
    ({ line, message }) => `${line}: ${message}`,
  );
}
const lost = (line: number, path: string) =>
  `${line}: VOLUME ${path}: its data would be lost with each release`;

const files: readonly (readonly [string, string, readonly string[]])[] = [
  ["words", "FROM x\nVOLUME /a /b\n", [lost(3, "/a"), lost(3, "/b")]],
  ["a JSON list", 'FROM x\nvolume ["/a", "/b/"]\n', [lost(3, "/a"), lost(3, "/b")]],
  ["over two lines", "FROM x\nVOLUME /a \\\n  /b\n", [lost(3, "/a"), lost(3, "/b")]],
  ["covered", "# mypaas.volume = data:/a\nFROM x\nVOLUME /a/\n", []],
  ["thrown away", "# mypaas.volume = none:/a\nFROM x\nVOLUME /a\n", []],
  ["another stage", "FROM x AS build\nVOLUME /a\nFROM x\n", []],
  ["a stage below", "FROM x AS base\nVOLUME /a\nFROM base\n", [lost(3, "/a")]],
  ["the target", "# mypaas.target = one\nFROM x AS one\nFROM x\nVOLUME /a\n", []],
  [
    "the target with it",
    "# mypaas.target = one\nFROM x AS one\nVOLUME /a\nFROM x\n",
    [lost(4, "/a")],
  ],
  ["a stage of the same name as its base", "FROM x AS x\nVOLUME /a\nFROM x\n", [lost(3, "/a")]],
  ["a variable", "FROM x\nVOLUME $DATA\n", []],
  ["quotes", "FROM x\nVOLUME '/a b'\n", []],
  ["a comment and a heredoc", "FROM x\n# VOLUME /a\nRUN <<E\nVOLUME /a\nE\n", []],
  [
    "a wrong line of the key says nothing about the path",
    "# mypaas.volume = data:a\nFROM x\nVOLUME /a\n",
    ['2: mypaas.volume: should be an absolute path in the container after the colon, got "data:a"'],
  ],
];

for (const [title, text, expected] of files)
  test(`VOLUME in a Dockerfile: ${title}`, () => assert.deepEqual(problems(text), expected));

test("VOLUME in a Dockerfile: both ways out are told", () => {
  const file = "# mypaas.servicename = web\nFROM x\nVOLUME /var/lib/db\n";
  assert.equal(
    parseDockerfile(Buffer.from(file), "Dockerfile").problems[0]?.hint,
    "to keep its data, write: # mypaas.volume = data:/var/lib/db — to throw it away with each container: # mypaas.volume = none:/var/lib/db",
  );
});
