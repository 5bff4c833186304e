import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import {
  bothTars,
  bothWays,
  ignoreTrees,
  makeTree,
  oddTree,
  randomTree,
  removeImages,
  type Tree,
} from "../support/context-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { makeSource } from "../support/source-e2e.ts";

const builders = ["buildkit", "classic"] as const;
const seed = Number(process.env["MYPAAS_TEST_SEED"] ?? Date.now() % 1_000_000);
let server: TestServer;

before(async () => {
  server = await startServer("t-e2e-context");
});
after(async () => {
  await server?.remove();
  await removeImages();
});

/** Compares what both senders make of a tree: an image, or only the bytes that they send; returns the number of paths. */
async function sameFiles(tree: Tree, builder?: (typeof builders)[number]): Promise<number> {
  const folder = await makeTree(tree);
  try {
    const { docker, ours } =
      builder === undefined ? await bothTars(folder) : await bothWays(folder, builder);
    assert.deepEqual(ours, docker);
    return ours?.length ?? 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

for (const builder of builders) {
  test(`${builder}: an image holds the same files as with docker build: odd names, modes, folders, links`, async () => {
    const count = await sameFiles(oddTree, builder);
    console.log(`${builder}: ${count} paths are the same`);
    assert.ok(count > Object.keys(oddTree).length);
  });
}

test("each .dockerignore leaves out what docker build leaves out", async (t) => {
  let refused = 0;
  for (const [name, tree] of ignoreTrees)
    await t.test(name, async () => {
      if ((await sameFiles(tree)) === 0) refused += 1;
    });
  console.log(`${ignoreTrees.length} .dockerignore files, ${refused} refused by both`);
  assert.equal(refused, 1);
});

test(`trees by chance hold the same files as with docker build (MYPAAS_TEST_SEED=${seed})`, async (t) => {
  console.log(`seed ${seed}`);
  let paths = 0;
  for (let nth = 0; nth < 24; nth += 1)
    await t.test(String(seed + nth), async () => {
      paths += await sameFiles(randomTree(seed + nth));
    });
  console.log(`24 trees, ${paths} paths`);
});

/** Answers with what is in its folder: mode, size or target of each path. */
const lister = `
const { lstatSync, readdirSync, readlinkSync } = require("node:fs");
const list = (path) => readdirSync(path).sort().flatMap((name) => {
  const at = path + "/" + name;
  const s = lstatSync(at);
  if (s.isSymbolicLink()) return [[at, readlinkSync(at)]];
  if (s.isDirectory()) return [[at, (s.mode & 0o7777).toString(8)], ...list(at)];
  return [[at, (s.mode & 0o7777).toString(8), s.size]];
});
require("node:http").createServer((_, res) => res.end(JSON.stringify(list(".")))).listen(3000);
`;

suite("pushes", { concurrency: true }, () => {
  test("links, empty folders, modes and odd names reach the container through a whole push", async () => {
    const source = await makeSource(server, "odd", { files: { "server.js": lister } });
    symlinkSync("/usr/bin/python3", join(source.folder, "python3"));
    symlinkSync("/etc/hostname", join(source.folder, "site"));
    mkdirSync(join(source.folder, "storage/cache"), { recursive: true });
    mkdirSync(join(source.folder, "private"), { mode: 0o700 });
    await source.write("two\nlines", "12");
    await source.write("u\u0308", "1");
    await source.write("key", "123");
    execFileSync("chmod", ["0600", join(source.folder, "key")]);
    execFileSync("mkfifo", [join(source.folder, "pipe")]);
    const said = await server.mustPush(source);
    assert.ok(
      said.events.some(
        ({ kind, ...more }) =>
          kind === "note" && "text" in more && more.text === "pipe: left out, it is a fifo",
      ),
    );
    const { body } = await server.get(source.host);
    const listed = new Map(
      (JSON.parse(body) as string[][]).map(([path = "", ...more]) => [path, more]),
    );
    const found = [
      "python3",
      "site",
      "storage",
      "storage/cache",
      "private",
      "two\nlines",
      "u\u0308",
      "key",
      "pipe",
    ];
    assert.deepEqual(
      found.map((name) => listed.get(`./${name}`)),
      [
        ["/usr/bin/python3"],
        ["/etc/hostname"],
        ["755"],
        ["755"],
        ["700"],
        ["644", 2],
        ["644", 1],
        ["600", 3],
        undefined,
      ],
    );
    const again = await server.mustPush(source);
    assert.equal(eventOf(again, "unchanged").release, 1);
    // The mode of a folder alone is another image.
    execFileSync("chmod", ["0750", join(source.folder, "private")]);
    assert.equal(eventOf(await server.mustPush(source), "live").release, 2);
  });

  test("a file that is written to all the time does not keep a push from being live", async () => {
    const source = await makeSource(server, "busy", {
      files: { "dev.log": "begin\n", "large.log": "x".repeat(3_000_000) },
    });
    let lines = 0;
    const writing = setInterval(() => {
      lines += 1;
      appendFileSync(join(source.folder, "dev.log"), `${lines}\n`);
      appendFileSync(join(source.folder, "large.log"), `${lines}\n`);
    }, 5);
    try {
      const pushes = [await server.mustPush(source), await server.mustPush(source)];
      console.log(`${pushes.length} pushes live while ${lines} lines were written`);
      assert.deepEqual(
        pushes.map((said) => eventOf(said, "live").release),
        [1, 2],
      );
    } finally {
      clearInterval(writing);
    }
    assert.equal((await server.get(source.host)).release, "busy/2");
    // Into the folder that is being sent.
    const log = join(source.folder, "deploy.log");
    await promisify(execFile)(
      "sh",
      [
        "-c",
        `"$0" "$@" 2>&1 | tee "${log}"`,
        process.execPath,
        server.instance.program,
        "push",
        "prod",
      ],
      {
        cwd: source.folder,
        env: server.instance.env,
      },
    );
    assert.match(readFileSync(log, "utf8"), /busy release 3 is live/);
    await server.settled("busy");
  });

  test(".git stays behind, the error says so, and a line of .dockerignore sends it", async () => {
    const build = ["COPY .git/HEAD ./page.txt"];
    const source = await makeSource(server, "git", { build });
    mkdirSync(join(source.folder, ".git"));
    await source.write(".git/HEAD", "ref: refs/heads/main");
    await source.write(".git/config", "[core]");
    const { message, hint } = failureOf(await server.push(source));
    // The builders name the folder or the file.
    assert.match(
      message,
      /^build git: step "COPY .git\/HEAD .\/page.txt": "\.git(\/HEAD)?" is not in the build context$/,
    );
    assert.equal(hint, ".git stays behind unless .dockerignore has a line that is: !.git");
    await source.write(".dockerignore", "!.git\n");
    await server.mustPush(source);
    assert.equal((await server.get(source.host)).body, "ref: refs/heads/main");
  });

  test("check -r warns of what the builder cannot build, and the failed build says the same", async () => {
    const source = await makeSource(server, "new", { build: ["RUN <<EOF", "echo hi", "EOF"] });
    const checked = await server.run(["check", "-r", "prod"], { cwd: source.folder });
    console.log(checked.out.trim().split("\n")[0]);
    const { message, hint } = failureOf(await server.push(source));
    // The engine of the tests may be newer one day.
    if (/warning: Dockerfile:\d+:1: RUN with a heredoc: Docker /.test(checked.out)) {
      assert.match(message, /^Dockerfile:\d+: unknown instruction: ECHO$/);
      assert.match(hint ?? "", /# syntax=docker\/dockerfile:1$/);
    } else assert.match(message, /cannot run \/bin\/sh/);
  });
});
