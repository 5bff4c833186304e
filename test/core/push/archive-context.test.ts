import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { readArchiveContext } from "../../../src/adapters/archive/archive-context.ts";
import { takeTar } from "../../../src/adapters/archive/take-tar.ts";
import { readSourceTree } from "../../../src/adapters/laptop/source-tree.ts";
import { dockerfilesOf, fileAt } from "../../../src/core/push/archive-context.ts";
import { scratch } from "../../support/worker.ts";

/** Trees whose folder and whose archive must be sent as the same. */
const trees: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  plain: { Dockerfile: "FROM a\n", "a/b/c": "1", "run.sh*": "x" },
  ignored: {
    Dockerfile: "FROM a\n",
    ".dockerignore": "docs\n*.log\n!keep.log\nnode_modules\n!node_modules/own\nDockerfile\n",
    "docs/a": "1",
    "x.log": "1",
    "keep.log": "1",
    "node_modules/own/a": "1",
    "node_modules/other/b": "1",
    "a/x.log": "1",
  },
  "emptied folder": { Dockerfile: "FROM a\n", ".dockerignore": "docs/*\n", "docs/a": "1" },
  "own rules": {
    Dockerfile: "FROM a\n",
    "Dockerfile.dockerignore": "b\n",
    ".dockerignore": "a\n",
    a: "1",
    b: "2",
  },
  "a Procfile": { Dockerfile: "FROM a\n", Procfile: "worker: a\n", ".dockerignore": "Procfile\n" },
  "a Procfile that is sent": { Dockerfile: "FROM a\n", Procfile: "worker: a\n" },
  git: { Dockerfile: "FROM a\n", ".git/config": "x", "sub/.git": "y", c: "1" },
  "linked Dockerfile": {
    "docker/Dockerfile": "FROM a\n",
    "Dockerfile>": "docker/Dockerfile",
    c: "1",
  },
  links: { Dockerfile: "FROM a\n", "out>": "/etc/passwd", "up>": "../../x", "in>": "Dockerfile" },
};

for (const [title, files] of Object.entries(trees))
  test(`an archive is sent as its folder is: ${title}`, async (t) => {
    const folder = scratch(t);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name.replace(/[*>]$/, ""));
      mkdirSync(dirname(path), { recursive: true });
      if (name.endsWith(">")) symlinkSync(text, path);
      else writeFileSync(path, text);
      if (name.endsWith("*")) chmodSync(path, 0o755);
    }
    execFileSync("chmod", ["-R", "go-w,a+rX", folder]);
    const dockerfile = join(folder, "Dockerfile");
    const tree = await readSourceTree({ dockerfile, context: folder });
    tree.close();
    const tar = execFileSync("tar", ["-c", "-C", folder, "."]);
    const into = scratch(t);
    const taken = await takeTar(Readable.from([tar]), into, { stripTop: true });
    const chosen = await readArchiveContext(taken, into, { path: "Dockerfile", name: "a.tar" });
    assert.deepEqual(chosen?.entries, tree.entries);
    assert.deepEqual(chosen?.folders, tree.folders);
    assert.equal(chosen?.dockerfile, tree.dockerfile);
    assert.equal(Buffer.from(chosen?.text ?? "").toString(), "FROM a\n");
  });

test("links to a Dockerfile are followed inside the archive and nowhere else", () => {
  const file = { path: "d/Dockerfile", mode: 0o644, size: 1, sha256: "0".repeat(64) };
  const at = (link: string) =>
    fileAt({ entries: [file, { path: "Dockerfile", link }], folders: [] }, "Dockerfile");
  assert.equal(at("d/Dockerfile"), file);
  for (const link of ["../Dockerfile", "/d/Dockerfile", "Dockerfile", "d"])
    assert.equal(at(link), undefined, link);
});

test("files that are called like a Dockerfile are found for a hint", () => {
  const paths = [
    "Dockerfile",
    "a/Dockerfile.web",
    "b/web.Dockerfile",
    "a/dockerfile",
    "Containerfile",
    "Dockerfile.dockerignore",
    "mydockerfile",
  ];
  const entries = paths.map((path) => ({ path, mode: 0o644, size: 0, sha256: "0".repeat(64) }));
  assert.deepEqual(dockerfilesOf({ entries, folders: [] }), paths.slice(0, 5));
});
