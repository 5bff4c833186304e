import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { unpackPackage } from "../../scripts/machine/packages.ts";
import { initArgs } from "../../scripts/machine/instance.ts";
import { run } from "../../scripts/machine/run.ts";
import type { Results } from "../../src/core/actions/actions.ts";
import { gitLaptop, newRepository, repositoryIn, type Repository } from "../support/git-e2e.ts";
import { nodeImage } from "../support/images.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";
import { tarOf } from "../support/tar-bytes.ts";

let server: TestServer;
let env: Awaited<ReturnType<typeof gitLaptop>>["env"];
let bin: string;
let web: Source;
let repo: Repository;

before(async () => {
  server = await startServer("t-e2elaptop");
  await server.must([...initArgs(server.instance), "--domain", "paas.test"]);
  await server.stopWorker();
  await server.startWorker();
  ({ env, bin } = await gitLaptop(server));
  web = await makeSource(server, "web");
  repo = repositoryIn(web.folder, env);
  await repo.must("init", "-q");
});
after(() => server?.remove());

const live = async (service = "web") => {
  const { out } = await server.run(["releases", service, "-r", "prod", "--json"]);
  const { releases } = JSON.parse(out) as Results["release.list"];
  const found = releases.find(({ state }) => state === "live");
  return { release: found?.release, from: found?.from, count: releases.length };
};

/** `git push`, printed, with its exit code before it. */
async function push(from: Repository, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await from.git("push", ...args);
  console.log(`git push ${args.join(" ")} -> ${code}\n${err}${out}`);
  return `${code}\n${err}${out}`;
}

/** A push by `mypaas` with an archive on stdin. */
async function pipe(cwd: string, shell: string): Promise<string> {
  const { code, out, err } = await run("sh", ["-c", shell], { cwd, env });
  return `${code}\n${err}${out}`;
}

test("git push deploys, says so as a push does, and knows what is live", async () => {
  const one = await repo.commit("one");
  const added = await run("mypaas", ["git", "add", "prod"], { cwd: web.folder, env });
  assert.equal(added.code, 0, added.err);
  assert.match(added.out, /^added git remote prod; deploy with: git push prod main$/m);
  const pushed = await push(repo, "prod", "main");
  assert.match(pushed, /^0\n[\s\S]*taken from git: main [0-9a-f]{7} "one"/);
  assert.match(pushed, /live at http:\/\/web\.example\.test/);
  assert.match(pushed, /\* \[new branch\] +main -> main/);
  assert.equal((await server.get(web.host)).body, "first page");
  assert.deepEqual((await live()).from, {
    kind: "git",
    commit: one,
    branch: "main",
    subject: "one",
  });

  assert.match(await push(repo, "prod", "main"), /^0\nEverything up-to-date/);
  assert.match(await repo.must("ls-remote", "prod"), new RegExp(`^${one}\trefs/heads/main`));
  const table = await server.must(["releases", "web", "-r", "prod"]);
  assert.match(table.out, new RegExp(`git main ${one.slice(0, 7)}`));

  // The same commit by every other way is the same content.
  const ways = [
    "git archive HEAD | mypaas push prod -",
    "git archive --prefix=web-1/ --format=tar.gz -o ../a.tar.gz HEAD && mypaas push prod ../a.tar.gz",
    "git archive --format=zip -o ../a.zip HEAD && mypaas push prod ../a.zip",
    "git archive --format=zip HEAD | mypaas push prod -",
    "tar -czf ../b.tgz --exclude .git . && mypaas push prod ../b.tgz",
    "mypaas push prod",
  ];
  let same = 0;
  for (const way of ways) {
    const said = await pipe(web.folder, way);
    assert.match(said, /^0\n[\s\S]*nothing changed: web runs release 1 with exactly this/, way);
    same += 1;
  }
  const plan = await pipe(web.folder, "git archive HEAD | mypaas plan - -r prod");
  assert.match(plan, /^0\n[\s\S]*nothing would change: web runs release 1 with exactly this/);
  assert.equal((await live()).count, 1);
  console.log(`${same} other ways, all: nothing changed`);
});

test("git refuses and takes what it does elsewhere", async () => {
  const dry = await repo.commit("two", { "page.txt": "second page" });
  assert.match(await push(repo, "--dry-run", "prod", "main"), /^0\n[\s\S]*main -> main/);
  assert.equal((await live()).release, 1);
  assert.match(await push(repo, "prod", "main"), /^0\n[\s\S]*\.\.[0-9a-f]+ +main -> main/);
  assert.equal((await live()).from?.commit, dry);
  assert.equal((await server.get(web.host)).body, "second page");

  await repo.must("tag", "v1");
  await repo.must("branch", "feature");
  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [["v1"], /v1 -> v1 \(a tag is not deployed .*git push prod v1\^\{commit\}:main\)/],
    [["feature"], /feature -> feature \(only main is deployed.*git push prod feature:main\)/],
    [[":main"], /\(a service is removed with: mypaas remove NAME\)/],
    [["-o", "fast", "--force", "HEAD^:main"], /\(unknown push option fast; there are: no-cache/],
  ];
  for (const [args, said] of refused) {
    const pushed = await push(repo, "prod", ...args);
    assert.match(pushed, /^1\n/);
    assert.match(pushed.replaceAll(/\s+/g, " "), said);
  }
  assert.match(await push(repo, "prod", "feature:main"), /Everything up-to-date/);

  await repo.must("commit", "-q", "--amend", "-m", "two, better");
  assert.match(
    await push(repo, "prod", "main"),
    /^1\n[\s\S]*\[rejected\] +main -> main \(non-fast-forward\)/,
  );
  assert.match(await push(repo, "--force", "prod", "main"), /^0\n[\s\S]*forced update/);

  const other = repositoryIn(join(server.instance.folder, "other"), env);
  await repo.must("clone", "-q", web.folder, other.folder);
  await other.must("remote", "add", "prod", "mypaas::prod");
  await other.commit("by another", { "page.txt": "another page" });
  assert.match(await push(other, "prod", "main"), /^0\n/);
  await repo.commit("three", { "page.txt": "third page" });
  assert.match(
    await push(repo, "prod", "main"),
    /^1\n[\s\S]*\[rejected\] +main -> main \(fetch first\)/,
  );
  assert.equal((await server.get(web.host)).body, "another page");

  const fetched = await repo.git("fetch", "prod");
  assert.match(fetched.err, /nothing can be fetched from prod/);
  assert.equal((await repo.git("fetch", "--all")).code, 0);

  // A rollback is not the commit that was pushed last.
  await server.must(["rollback", "web", "1", "-r", "prod"]);
  await server.settled("web");
  assert.match(await push(other, "prod", "main"), /^0\n[\s\S]*main -> main/);
  assert.equal((await server.get(web.host)).body, "another page");
  await repo.must("pull", "-q", "--rebase", "-X", "theirs", other.folder, "main");
  assert.match(await push(repo, "prod", "main"), /^0\n/);
  assert.equal((await server.get(web.host)).body, "third page");
});

test("a commit that cannot go live is rejected, and the old release serves all requests", async () => {
  const before = await live();
  const load = server.load(web.host);
  const dockerfile = await repo.must("show", "HEAD:Dockerfile");
  const bad: readonly (readonly [string, RegExp])[] = [
    [
      dockerfile.replace("port = 3000", "prot = 3000"),
      /unknown key mypaas\.prot[\s\S]*\(not deployed\)/,
    ],
    [`${dockerfile}\nRUN exit 7\n`, /error: [\s\S]*\(deploy failed\)/],
    [
      `${dockerfile}\nCMD ["node", "-e", "process.exit(3)"]\n`,
      /exit code 3[\s\S]*web still runs release[\s\S]*\(deploy failed\)/,
    ],
  ];
  for (const [text, said] of bad) {
    await repo.commit("bad", { Dockerfile: text });
    const pushed = await push(repo, "prod", "main");
    assert.match(pushed, /^1\n/);
    assert.match(pushed, said);
    assert.match(pushed, /! \[remote rejected\] +main -> main/);
  }
  const { sent: requests, failed } = await load.stop();
  console.log(`${requests} requests, ${failed} failed`);
  assert.equal(failed, 0);
  assert.equal((await live()).release, before.release);
  await repo.commit("good again", { Dockerfile: `${dockerfile}\n` });
  assert.match(await push(repo, "prod", "main"), /^0\n/);
});

test("shallow clones, submodules, export-ignore and large files", async () => {
  const shallow = repositoryIn(join(server.instance.folder, "shallow"), env);
  await repo.commit("four", { "page.txt": "fourth page" });
  await repo.must("clone", "-q", "--depth", "1", `file://${web.folder}`, shallow.folder);
  await shallow.must("remote", "add", "prod", "mypaas::prod");
  assert.match(await push(shallow, "prod", "main"), /^0\n/);
  assert.equal((await server.get(web.host)).body, "fourth page");

  const library = await newRepository(server, env, "library");
  await library.commit("lib", { "page.txt": "page of the submodule" });
  await repo.must("submodule", "add", "-q", library.folder, "vendor/lib");
  const dockerfile = await repo.must("show", "HEAD:Dockerfile");
  await repo.commit("five", {
    ".gitattributes": "secret.txt export-ignore\n",
    "secret.txt": "not for the image",
    Dockerfile: dockerfile.replace(
      "COPY . ./",
      `COPY . ./\nRUN ["node", "-e", "const f = require('fs'); if (f.existsSync('secret.txt')) process.exit(9); f.copyFileSync('vendor/lib/page.txt', 'page.txt')"]`,
    ),
  });
  assert.match(await push(repo, "prod", "main"), /^0\n/);
  assert.equal((await server.get(web.host)).body, "page of the submodule");
  const bare = repositoryIn(join(server.instance.folder, "no-modules"), env);
  await repo.must("clone", "-q", web.folder, bare.folder);
  await bare.must("remote", "add", "prod", "mypaas::prod");
  await bare.commit("six");
  const missing = await push(bare, "prod", "main");
  assert.match(missing, /^1\n[\s\S]*vendor\/lib: a submodule whose commit [0-9a-f]{7} is not here/);
  assert.match(missing, /git submodule update --init/);
  await bare.must("submodule", "update", "-q", "--init");
  assert.match(await push(bare, "prod", "main"), /^0\n/);
  const archived = await pipe(bare.folder, "git archive HEAD | mypaas push prod -");
  assert.match(archived, /warning: vendor\/lib: empty, because git archive leaves submodules out/);

  // Real git-lfs: its hook sends to origin, and the commit has the file itself.
  const unpacked = join(server.instance.folder, "lfs");
  await run("mkdir", ["-p", unpacked]);
  await unpackPackage("git-lfs", unpacked);
  await promisify(execFile)("cp", [join(unpacked, "usr/bin/git-lfs"), bin]);
  const large = await makeSource(server, "large", {
    build: [
      `RUN ["node", "-e", "const f = require('fs'); f.writeFileSync('page.txt', f.readFileSync('big.bin').subarray(0, 5))"]`,
    ],
  });
  const lfs = repositoryIn(large.folder, env);
  const origin = join(server.instance.folder, "origin.git");
  await run("git", ["init", "-q", "--bare", origin], { env });
  await lfs.must("init", "-q");
  await lfs.must("remote", "add", "origin", `file://${origin}`);
  await lfs.must("lfs", "install", "--local");
  await lfs.must("lfs", "track", "*.bin");
  await lfs.commit("large", { "big.bin": "large file".repeat(1000) });
  assert.match(await lfs.must("show", "HEAD:big.bin"), /git-lfs\.github\.com/);
  const added = await run("mypaas", ["git", "add", "prod"], { cwd: large.folder, env });
  assert.equal(added.code, 0, added.err);
  assert.match(await push(lfs, "prod", "main"), /^0\n/);
  assert.equal((await server.get(large.host)).body, "large");
  // Where the filter is missing, what is sent is said.
  await lfs.must("config", "--unset", "filter.lfs.process");
  await lfs.must("config", "filter.lfs.smudge", "cat");
  await lfs.commit("pointer");
  assert.match(await push(lfs, "prod", "main"), /warning: big\.bin: a pointer of git-lfs is sent/);
});

test("the Dockerfile may lie elsewhere, and need not name its service", async () => {
  const many = await newRepository(server, env, "many");
  const app = `FROM ${nodeImage}\nCOPY page.txt /\nCMD ["node", "-e", "require('http').createServer((_, res) => res.end(require('fs').readFileSync('/page.txt'))).listen(process.env.PORT)"]\n`;
  await many.commit("one", { "api/Dockerfile": app, "web/Dockerfile": app, "page.txt": "many" });
  await many.must("remote", "add", "prod", "mypaas::prod");
  const none = await push(many, "prod", "main");
  assert.match(none, /^1\n[\s\S]*error: commit [0-9a-f]{7}: no Dockerfile in it/);
  assert.match(none, /there is web\/Dockerfile/);
  assert.match(none, /git config remote\.prod\.mypaasPath api\/Dockerfile/);
  const set = ["git", "add", "prod", "--path", "web/Dockerfile"];
  assert.equal((await run("mypaas", set, { cwd: many.folder, env })).code, 0);
  assert.match(await push(many, "prod", "main"), /mypaas\.servicename is missing/);
  const named = ["git", "add", "prod", "--service", "named"];
  assert.equal((await run("mypaas", named, { cwd: many.folder, env })).code, 0);
  assert.match(await push(many, "prod", "main"), /^0\n[\s\S]*live at http:\/\/named\.paas\.test/);
  assert.equal((await server.get("named.paas.test")).body, "many");
  const again = await pipe(
    many.folder,
    "git archive HEAD | mypaas push prod - --service named --dockerfile web/Dockerfile",
  );
  assert.match(again, /^0\n[\s\S]*nothing changed: named runs release 1/);
  const wrong = await pipe(web.folder, "git archive HEAD | mypaas push prod - --service other");
  assert.match(wrong, /^1\n[\s\S]*mypaas\.servicename is "web", not "other"/);
});

test("hostile and broken archives change nothing, and say why", async () => {
  const before = await server.stored();
  const folder = server.instance.folder;
  const own = { name: "Dockerfile", data: "# mypaas.servicename = web\nFROM scratch\n" };
  const good = gzipSync(await tarOf([own]));
  const files: readonly (readonly [string, Buffer, RegExp])[] = [
    ["dotdot.tar", await tarOf([own, { name: "../x", data: "1" }]), /path leaves the archive/],
    [
      "device.tar.gz",
      gzipSync(await tarOf([own, { name: "sda", type: "block-device" }])),
      /"sda": is a device/,
    ],
    ["cut.tar.gz", good.subarray(0, -10), /cut off before its end/],
    [
      "page.tar.gz",
      Buffer.from("<!doctype html><title>Sign in</title>"),
      /is a web page, not an archive/,
    ],
    ["empty.zip", Buffer.alloc(0), /is empty/],
    ["a.tar.zst", Buffer.from("28b52ffd04005900", "hex"), /zstd -dc FILE \| mypaas push -/],
    [
      "none.tar",
      await tarOf([{ name: "readme", data: "" }]),
      /no Dockerfile, and no file that tells what this is/,
    ],
  ];
  for (const [name, bytes, said] of files) {
    await writeFile(join(folder, name), bytes);
    const ran = await server.run(["push", "prod", join(folder, name)]);
    assert.equal(ran.code, 1, ran.err);
    assert.match(ran.err, said);
    const piped = await pipe(folder, `mypaas push prod - < ${name}`);
    assert.match(piped, said);
  }
  const missing = await server.run(["push", "prod", "missing.tar"]);
  assert.deepEqual(
    [missing.code, /^error: missing\.tar: no such file$/m.test(missing.err)],
    [1, true],
  );
  assert.deepEqual(await server.stored(), before);
  console.log(`${files.length * 2} archives refused`);
});

test("a key without the right deploys nothing", async () => {
  const before = await server.stored();
  const file = join(server.instance.folder, "reader");
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "reader", "-f", file]);
  const { out } = await run("cat", [`${file}.pub`]);
  await server.must(["key", "add", "--", `actions="logs" ${out.trim()}`]);
  await repo.commit("seven", { "page.txt": "seventh page" });
  const reader = repositoryIn(web.folder, { ...env, MYPAAS_KEY: file } as typeof env);
  const pushed = await push(reader, "--force", "prod", "main");
  assert.match(pushed, /^1\n[\s\S]*\[remote rejected\] main -> main \(not deployed\)/);
  const { releases } = await server.stored();
  assert.equal(releases, before.releases);
});
