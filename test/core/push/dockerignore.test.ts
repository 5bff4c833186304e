import assert from "node:assert/strict";
import { test } from "node:test";
import { isIgnored, parseDockerignore } from "../../../src/core/push/dockerignore.ts";

const ignored = (text: string, path: string) => isIgnored(parseDockerignore(text), path);

test("a single pattern means what it means to Docker", () => {
  const cases: readonly [pattern: string, path: string, isIgnored: boolean][] = [
    ["*", "a.go", true],
    ["*", "a/b", true],
    ["*.go", "a.go", true],
    ["*.go", "dir/a.go", false],
    ["**", "a", true],
    ["**/", "a/b", true],
    ["**/**", "a/b", true],
    ["dir/**", "dir/a/b", true],
    ["dir/**", "dir", false],
    ["**/dir", "dir", true],
    ["**/dir", "dir/file", true],
    ["**/dir", "x/dir/file", true],
    ["**/dir2/*", "dir/dir2/file", true],
    ["**/dir2/**", "dir/dir2/dir3/file", true],
    ["**file", "dir/myfile", true],
    ["**/file", "dir/myfile", false],
    ["**/file*", "dir/dir/file.txt", true],
    ["**file*", "dir/myfile.txt", false],
    ["**/**/*.txt", "file.txt", true],
    ["**/**/*.txt2", "dir/file.txt", false],
    ["a**/*.txt", "a/dir/file.txt", true],
    ["a**/*.txt", "ab.txt", true],
    ["a-*.txt", "a-b.txt", true],
    ["a/*.txt", "a/dir/file.txt", false],
    ["a/*.txt**", "a/file.txt", true],
    ["a[b-d]e", "ace", true],
    ["a[b-d]e", "aae", false],
    ["a[^b-d]e", "aze", true],
    ["[a-ζ]*", "α", true],
    [String.raw`[\]a]`, "]", true],
    [String.raw`[\-x]`, "-", true],
    [String.raw`[\-x]`, "a", false],
    [".*", ".foo", true],
    [".*", "foo", false],
    ["abc.def", "abcZdef", false],
    ["abc?def", "abcZdef", true],
    ["abc?def", "abc/def", false],
    ["a?b", "a☺b", true],
    ["a?b", "a😀b", true],
    ["a???b", "a☺b", false],
    [String.raw`a\*b`, "a*b", true],
    [String.raw`a\*b`, "axb", false],
    [String.raw`a\\`, "a\\", true],
    ["a(b)c/def", "a(b)c/def", true],
    ["a.|)$(}+{bc", "a.|)$(}+{bc", true],
    ["dist/*.whl", "dist/p-2.4.0rc3+g0-py3.whl", true],
    ["**/.foo", "bar.foo", false],
    ["node_modules/", "node_modules/x/y", true],
    ["/src", "src/a", true],
    ["./src", "src/a", true],
    ["src/../lib", "lib/a", true],
    ["../src", "src", false],
    [".", "a", false],
    ["/", "a", false],
    ["  spaced  ", "spaced", true],
    ["#a", "#a", false],
    [" #a", "#a", true],
    ["\uFEFFbom", "bom", true],
    ["crlf\r\nother\r", "crlf", true],
    ["", "a", false],
  ];
  for (const [pattern, path, expected] of cases)
    assert.equal(ignored(pattern, path), expected, `${JSON.stringify(pattern)} ${path}`);
});

test("later patterns overrule earlier ones, with ! as the exception", () => {
  const cases: readonly [lines: readonly string[], path: string, isIgnored: boolean][] = [
    [["!a.go", "*.go"], "a.go", true],
    [["*.go", "!a.go"], "a.go", false],
    [["docs", "!docs/README.md"], "docs/README.md", false],
    [["docs", "!docs/README.md"], "docs/other.md", true],
    [["docs/", "!docs/README.md"], "docs/README.md", false],
    [["docs/*", "!docs/README.md"], "docs/README.md", false],
    [["**", "!util/docker/web"], "util/docker/web/foo", false],
    [["**", "!util/docker/web", "util/docker/web/foo"], "util/docker/web/foo", true],
    [["**", "!dist/*.whl"], "dist/a.whl", false],
    [["*", "! /src"], "src/a", false],
    [["*", "!src", "src/secret"], "src/secret/key", true],
    [["a/b", "!a"], "a/b", true],
  ];
  for (const [lines, path, expected] of cases)
    assert.equal(ignored(lines.join("\n"), path), expected, `${lines.join(" ")} ${path}`);
});

test("an ignored directory is read only if it may hold an exception", () => {
  const cases: readonly [exception: string, directory: string, isEntered: boolean][] = [
    ["docs/README.md", "docs", true],
    ["docs/README.md", "node_modules", false],
    ["docs/a/b", "docs/a", true],
    ["docs/a/b", "docs/c", false],
    ["docs", "docs", false],
    ["docs/*.md", "docs", true],
    ["docs/*.md", "lib", false],
    ["**/keep", "any/where", true],
    ["*/keep", "any", true],
  ];
  for (const [exception, directory, expected] of cases) {
    const ignore = parseDockerignore(`*\n!${exception}`);
    assert.equal(ignore.mayHoldExceptions(directory), expected, `${exception} ${directory}`);
  }
});

test(".git stays behind until a line asks for it", () => {
  const cases: readonly [lines: readonly string[], path: string, isIgnored: boolean][] = [
    [[], ".git", true],
    [[], ".git/HEAD", true],
    [[], "vendor/lib/.git", true],
    [[], ".gitignore", false],
    [["*", "!src"], "src/.git/HEAD", true],
    [["!**"], ".git", true],
    [["!.git"], ".git/HEAD", false],
    [["!.git"], "vendor/lib/.git", true],
    [["!**/.git"], "vendor/lib/.git", false],
    [["*", "!.git", "!src"], ".git/HEAD", false],
    [["!.git", ".git/config"], ".git/config", true],
    [["!.git", ".git/config"], ".git/HEAD", false],
    [["!.git/HEAD"], ".git/HEAD", false],
    [["!.git/HEAD"], ".git/config", true],
    [["!.git", ".git"], ".git/HEAD", true],
  ];
  for (const [lines, path, expected] of cases)
    assert.equal(ignored(lines.join("\n"), path), expected, `${lines.join(" ")} ${path}`);
  const enters = (lines: string, path: string) => parseDockerignore(lines).mayHoldExceptions(path);
  assert.equal(enters("!**/keep", ".git"), false);
  assert.equal(enters("!.git/HEAD", ".git"), true);
  assert.equal(enters("!.git/refs/*", ".git/objects"), false);
});

test("a letter with an accent matches in either spelling", () => {
  for (const pattern of ["ü.txt", "u\u0308.txt"])
    for (const path of ["ü.txt", "u\u0308.txt"]) assert.equal(ignored(pattern, path), true);
});

test("a broken pattern is refused with its line", () => {
  const broken = ["[", "a[", "[]a]", "[-x]", "[x-]", "[a-b-c]", "[^", "\\", "!", "! ", "[z-a]"];
  for (const line of broken)
    assert.throws(
      () => parseDockerignore(`ok\n${line}\n`),
      {
        name: "UserError",
        message: `.dockerignore:2: bad pattern ${JSON.stringify(line.trim())}`,
        hint: "correct the line, or comment it out with #",
      },
      line,
    );
});
