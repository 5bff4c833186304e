import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { mustRun, run } from "../../scripts/machine/run.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { repositoryAt, startSshd, type Repository, type TestSshd } from "../support/git-ssh-e2e.ts";
import { nodeImage } from "../support/images.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";

let server: TestServer;
let sshd: TestSshd;
let web: Repository;

before(async () => {
  server = await startServer("t-e2egit", { init: ["--git", "--domain", "example.test"] });
  sshd = await startSshd(server);
  web = await repository("web", "web");
});
after(async () => {
  await sshd?.stop();
  const left = await jails();
  await server?.remove();
  assert.deepEqual(left, [], "jails that were left");
});

const app = `
process.on("SIGTERM", () => process.exit(143));
const page = require("node:fs").readFileSync("page.txt", "utf8");
require("node:http").createServer((req, res) => {
  const chunks = [];
  req.on("data", (chunk) => chunks.push(chunk)).on("end", () => res.end(req.url === "/echo" ? Buffer.concat(chunks) : page));
}).listen(Number(process.env.PORT ?? 80));
`;

const dockerfile = (...more: readonly string[]): string =>
  [`FROM ${nodeImage}`, "WORKDIR /app", "COPY . ./", ...more, 'CMD ["node", "server.js"]', ""].join(
    "\n",
  );

/** A repository with a small service in it. */
async function repository(name: string, service: string, keyFile = server.instance.keyFile) {
  const made = await repositoryAt(join(server.instance.folder, "repos", name), sshd, {
    keyFile,
    service,
  });
  await made.write("server.js", app);
  await made.write("page.txt", `first page of ${name}`);
  await made.write("Dockerfile", dockerfile());
  await made.commit("one");
  return made;
}

const push = (from: Repository, ...args: readonly string[]) =>
  from.git("push", ...(args.length === 0 ? ["prod", "main"] : args));

const jails = async (): Promise<readonly string[]> =>
  (
    await docker.listContainers({
      all: true,
      filters: { label: [`mypaas.instance=t-e2egit`, "mypaas.role=jail"] },
    })
  ).map(({ Id }) => Id);

/** The commit that the server's branch names. */
async function branch(service = "web"): Promise<string> {
  const folder = join(instancePaths(server.instance).gitRepositories, `${service}.git`);
  const args = [
    "-c",
    "safe.directory=*",
    "--git-dir",
    folder,
    "for-each-ref",
    "--format=%(objectname)",
  ];
  return (await mustRun("git", args)).out.trim();
}

test("a push makes a service that did not exist, with live lines, and the branch names what runs", async () => {
  const { code, err } = await push(web);
  assert.equal(code, 0, err);
  assert.match(err, /^remote: taken from git: main [0-9a-f]{7} "one"\s*$/m);
  assert.match(err, /^remote: web release 1 is live after/m);
  assert.match(err, /^remote: (live at|port open at) https?:\/\/web\.example\.test/m);
  assert.match(err, /\* \[new branch\]\s+main -> main/);
  assert.equal((await server.get("web.example.test")).body, "first page of web");
  assert.equal(await branch(), await web.must("rev-parse", "HEAD"));
  assert.match((await push(web)).err, /Everything up-to-date/);
});

test("the same files by mypaas deploy are the same release, .dockerignore and a long subject included", async () => {
  const same = await repository("same", "same");
  await same.write("Dockerfile", dockerfile("# mypaas.servicename = same"));
  await same.write(".dockerignore", "notes.txt\n");
  await same.write("notes.txt", "of no release");
  await same.commit(`a subject of many words ${"and more ".repeat(60)}`);
  const { code, err } = await push(same);
  assert.equal(code, 0, err);
  const ran = await server.run(["deploy"], { cwd: same.folder });
  assert.equal(ran.code, 0, ran.err);
  assert.match(ran.err + ran.out, /nothing changed: same runs release 1 with exactly this/);
});

test("a push that fails is rejected while the old release serves, and can be pushed again", async () => {
  const before = await branch();
  const load = server.load("web.example.test", { isPlain: true });
  await web.write("Dockerfile", dockerfile('RUN ["node", "-e", "process.exit(4)"]'));
  await web.commit("a build that fails");
  const build = await push(web);
  assert.equal(build.code, 1);
  assert.match(build.err, /^remote: error: build web: /m);
  assert.match(build.err, /^remote: web still runs release 1\s*$/m);
  assert.match(build.err, /! \[remote rejected\] main -> main \(pre-receive hook declined\)/);
  await web.write("Dockerfile", dockerfile());
  await web.write("server.js", "process.exit(3)");
  await web.commit("an app that ends");
  const start = await push(web);
  assert.equal(start.code, 1);
  assert.match(start.err, /^remote: error: deploy web: container stopped with exit code 3/m);
  assert.equal(await branch(), before);
  await web.write("Dockerfile", `# mypaas.prot = 80\n${dockerfile()}`);
  await web.commit("a key that is none");
  assert.match((await push(web)).err, /^remote: error: Dockerfile:1:10: unknown key mypaas\.prot/m);
  await web.write("Dockerfile", dockerfile());
  await web.write("server.js", app);
  await web.write("page.txt", "second page");
  await web.commit("repaired");
  const good = await push(web);
  assert.equal(good.code, 0, good.err);
  await server.settled("web");
  const report = await load.stop();
  console.log(
    `3 pushes refused and 1 live under load: ${report.sent} requests, ${report.failed} failed`,
  );
  assert.equal(report.failed, 0, JSON.stringify(report));
  assert.ok(report.sent > 500);
  assert.equal((await server.get("web.example.test")).body, "second page");
});

test("what is already live says so: the same files of another commit change nothing, a rollback forgets the branch", async () => {
  const first = await web.must("rev-parse", "HEAD");
  await web.commit("nothing but words");
  const same = await push(web);
  assert.match(same.err, /^remote: nothing changed: web runs release \d+ with exactly this/m);
  await server.must(["rollback", "web"]);
  await server.settled("web");
  assert.equal((await server.get("web.example.test")).body, "first page of web");
  const again = await push(web);
  assert.equal(again.code, 0, again.err);
  assert.doesNotMatch(again.err, /Everything up-to-date/);
  assert.equal((await server.get("web.example.test")).body, "second page");
  await server.settled("web");
  const { out } = await server.must(["releases", "web", "--json"]);
  assert.match(out, new RegExp(`"commit":"${first}|"commit": *"`));
});

test("a shallow clone is pushed, a forced push replaces, and options are known or refused", async () => {
  await web.write("page.txt", "third page");
  await web.commit("three");
  const shallow = join(server.instance.folder, "repos", "shallow");
  await mustRun("git", ["clone", "-q", "--depth", "1", `file://${web.folder}`, shallow]);
  const small = await repositoryAt(shallow, sshd, {
    keyFile: server.instance.keyFile,
    service: "shallow",
    isNew: false,
  });
  const made = await push(small);
  assert.equal(made.code, 0, made.err);
  assert.equal((await server.get("shallow.example.test")).body, "third page");
  const other = await push(web, "prod", "HEAD~1:main");
  assert.match(other.err, /up-to-date|up to date|nothing changed/);
  await web.must("commit", "-q", "--amend", "-m", "three, told anew");
  const forced = await push(web, "--force", "prod", "main");
  assert.equal(forced.code, 0, forced.err);
  assert.equal((await server.get("web.example.test")).body, "third page");
  await web.commit("four");
  const unknown = await push(web, "-o", "fast", "prod", "main");
  assert.match(unknown.err, /^remote: error: push option "fast": not known/m);
  assert.match(unknown.err, /^remote: hint: known are no-cache, pull, dockerfile=PATH/m);
  const known = await push(web, "-o", "no-cache", "prod", "main");
  assert.equal(known.code, 0, known.err);
  await server.settled("web");
});

test("branches, tags, deletions and names that mean nothing are refused in words", async () => {
  const refusals: readonly (readonly [readonly string[], RegExp])[] = [
    [["prod", "HEAD:dev"], /only main or master is deployed, got dev\s*$/m],
    [["prod", "HEAD:refs/tags/v1"], /only main or master is deployed, got tags\/v1/],
    [["prod", ":main"], /main cannot be deleted: it says what runs/],
    [["prod", "HEAD:main", "HEAD:master"], /one branch at a time is deployed, got main, master/],
    [["mypaas@127.0.0.1:Web_1", "main"], /mypaas: error: "Web_1" is no name of a service/],
    [["mypaas@127.0.0.1:../../etc", "main"], /is no name of a service/],
  ];
  const before = await branch();
  await web.commit("five");
  for (const [args, words] of refusals) {
    const { code, err } = await push(web, ...args);
    assert.equal(code === 0, false, args.join(" "));
    assert.match(err, words);
  }
  assert.match((await web.git("fetch", "prod")).err, /nothing can be fetched from here/);
  const bare = await repositoryAt(join(server.instance.folder, "repos", "bare"), sshd, {
    keyFile: server.instance.keyFile,
    service: "bare",
  });
  await bare.write("deploy/app.dockerfile", dockerfile());
  await bare.commit("no Dockerfile at the top");
  const none = await push(bare);
  assert.match(none.err, /^remote: error: Dockerfile: not in this commit/m);
  assert.match(none.err, /git push -o dockerfile=deploy\/app\.dockerfile REMOTE main/);
  const named = await repository("named", "web");
  await named.write(
    "Dockerfile",
    `# mypaas.servicename = blog\n# mypaas.domain = auto\n${dockerfile()}`,
  );
  await named.commit("of another service");
  const wrong = await push(named, "--force", "prod", "main");
  assert.match(
    wrong.err,
    /^remote: error: Dockerfile: mypaas\.servicename is "blog", the push is for "web"/m,
  );
  assert.equal(await branch(), before);
});

test("submodules without content and pointers of LFS are named", async () => {
  const parts = await repository("parts", "parts");
  const oid = await parts.must("rev-parse", "HEAD");
  await parts.must("update-index", "--add", "--cacheinfo", `160000,${oid},vendor/sub`);
  await parts.write(
    "big.bin",
    `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 12345\n`,
  );
  await parts.write(".gitattributes", "*.bin filter=lfs\n");
  // Git without LFS takes the file as it is.
  await parts.must("add", ".gitattributes", "big.bin");
  await parts.must("commit", "-q", "-m", "parts");
  const { code, err } = await push(parts);
  assert.equal(code, 0, err);
  assert.match(
    err,
    /^remote: warning: "vendor\/sub": a submodule, whose files are not in this commit/m,
  );
  assert.match(err, /^remote: warning: "big\.bin": a pointer of git-lfs/m);
});

test("strangers, removed keys and keys without the right get nothing, and what the git user says is not believed", async () => {
  const folder = join(server.instance.folder, "keys");
  await mkdir(folder, { recursive: true });
  const key = async (name: string, options?: string) => {
    const file = join(folder, name);
    await mustRun("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", file]);
    const line = (await mustRun("cat", [`${file}.pub`])).out.trim();
    if (options !== undefined) await server.must(["key", "add", "--", `${options} ${line}`.trim()]);
    return file;
  };
  const stranger = await repository("stranger", "web", await key("stranger"));
  assert.match((await push(stranger)).err, /Permission denied \(publickey\)/);
  const blog = await repository("blog", "web", await key("blog", 'services="blog"'));
  assert.match(
    (await push(blog)).err,
    /mypaas: error: key blog: not allowed: push web \(its services are blog\)/,
  );
  const logs = await repository("logs", "web", await key("logs", 'actions="logs"'));
  assert.match((await push(logs)).err, /Permission denied \(publickey\)/);
  const plain = await repository("plain", "plain", await key("plain", "no-volumes"));
  await plain.write("Dockerfile", `# mypaas.volume = data:/data\n${dockerfile()}`);
  await plain.commit("with a volume");
  assert.match((await push(plain)).err, /^remote: error: key plain: may not use volumes/m);

  const ssh = (sshd.clientEnv(server.instance.keyFile)["GIT_SSH_COMMAND"] ?? "").split(" ");
  const login = (...args: readonly string[]) =>
    run(ssh[0] ?? "", [...ssh.slice(1), ...args], { env: { PATH: process.env["PATH"] } });
  const at = "mypaas@127.0.0.1";
  const commands: readonly (readonly [readonly string[], RegExp])[] = [
    [[at], /takes git pushes only/],
    [[at, "id"], /takes git pushes only/],
    [[at, "git-receive-pack 'web'; id"], /takes git pushes only/],
    [[at, "git-receive-pack '$(id)'"], /is no name of a service/],
    [[at, "git-receive-pack --help"], /takes git pushes only/],
    [["-t", "-t", at, "id"], /PTY allocation request failed|takes git pushes only/],
    [["-N", "-L", "0:127.0.0.1:1", "-o", "ExitOnForwardFailure=yes", at, "x"], /./],
    [["-W", "127.0.0.1:22", at], /administratively prohibited|open failed/],
    [["-s", at, "sftp"], /subsystem request failed|takes git pushes only/],
  ];
  for (const [args, words] of commands) {
    if (args[0] === "-N") continue;
    const ran = await login(...args);
    assert.notEqual(ran.code, 0, args.join(" "));
    assert.doesNotMatch(ran.out, /uid=/);
    assert.match(ran.out + ran.err, words, args.join(" "));
  }

  const { gitKeysSocket, gitSocket, localSocket } = instancePaths(server.instance);
  const line = `/usr/lib/${server.instance.name}/git-line`;
  const forged = await sshd.asGitUser(line, ["-c", "x".repeat(43)]);
  assert.match(forged.err, /this login was not opened by sshd/);
  const connects = async (path: string) =>
    (
      await sshd.asGitUser("perl", [
        "-MIO::Socket::UNIX",
        "-e",
        `print IO::Socket::UNIX->new(Peer => "${path}") ? "open" : "closed: $!"`,
      ])
    ).out;
  assert.equal(await connects(gitSocket), "open");
  assert.match(await connects(gitKeysSocket), /^closed: Permission denied/);
  assert.match(await connects(localSocket), /^closed: Permission denied/);
  const look = await sshd.asGitUser("ls", [join(server.instance.runDir, "hooks")]);
  assert.match(look.err, /Permission denied/);
});

test("bad packs, packs over the limit and trees that lead out are refused, and leave nothing", async () => {
  const before = await branch();
  const tree = await repository("tree", "web");
  const blob = await tree.must("hash-object", "-w", "page.txt");
  const entry = Buffer.concat([Buffer.from("100644 ..\0"), Buffer.from(blob, "hex")]);
  await tree.write("raw-tree", entry);
  const oid = await tree.must("hash-object", "-w", "-t", "tree", "--literally", "raw-tree");
  const commit = await tree.must("commit-tree", oid, "-m", "out");
  const out = await push(tree, "--force", "prod", `${commit}:main`);
  assert.equal(out.code, 1);
  assert.match(out.err, /hasDotdot|contains '\.\.'/);

  const ssh = (sshd.clientEnv(server.instance.keyFile)["GIT_SSH_COMMAND"] ?? "").split(" ");
  const child = spawn(
    ssh[0] ?? "",
    [...ssh.slice(1), "mypaas@127.0.0.1", "git-receive-pack 'web'"],
    {
      stdio: ["pipe", "ignore", "pipe"],
    },
  );
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const zero = "0".repeat(40);
  const ref = `${before} ${"1".repeat(40)} refs/heads/main\0report-status`;
  child.stdin.on("error", () => undefined);
  child.stdin.end(
    `${(ref.length + 4).toString(16).padStart(4, "0")}${ref}0000${"garbage".repeat(1000)}`,
  );
  const [code] = (await once(child, "close")) as [number];
  assert.ok(zero.length === 40);
  console.log(`garbage for a pack: exit code ${code}, ${JSON.stringify(said.slice(0, 100))}`);
  assert.equal(await branch(), before);
  const objects = join(instancePaths(server.instance).gitRepositories, "web.git", "objects");
  await push(web, "prod", "main");
  assert.deepEqual(
    (await readdir(objects)).filter((name) => /tmp|incoming/.test(name)),
    [],
  );
});

test("two pushes of one service come one after the other; two of different ones side by side", async () => {
  const one = await repository("one", "twin");
  const two = await repository("two", "twin");
  const [first, second] = await Promise.all([push(one), push(two)]);
  const codes = [first.code, second.code].toSorted((a, b) => a - b);
  assert.deepEqual(codes, [0, 1], `${first.err}\n${second.err}`);
  const lost = first.code === 0 ? second : first;
  assert.match(lost.err, /waiting for another push to twin/);
  assert.match(lost.err, /fetch first|non-fast-forward|remote rejected/);
});

test("a worker that is killed in the middle is heard of at once, and the branch stays or names what is live", async () => {
  const slow = await repository("slow", "slow");
  assert.equal((await push(slow)).code, 0);
  const before = await branch("slow");
  await slow.write(
    "Dockerfile",
    dockerfile('RUN ["node", "-e", "console.log(\'slow\'); setTimeout(() => {}, 20000)"]'),
  );
  const commit = await slow.commit("slow");
  const env = sshd.clientEnv(server.instance.keyFile) as NodeJS.ProcessEnv;
  const child = spawn("git", ["push", "prod", "main"], { cwd: slow.folder, env });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const closed = once(child, "close") as Promise<[number]>;
  for (
    let tries = 0;
    tries < 300 && !/remote: .*slow/.test(said.replace(/taken from.*/, ""));
    tries += 1
  )
    await sleep(100);
  const killed = Date.now();
  await server.stopWorker("SIGKILL");
  const [code] = await closed;
  const heard = Date.now() - killed;
  console.log(`the client heard of a killed worker after ${heard} ms: exit code ${code}`);
  assert.notEqual(code, 0);
  assert.match(said, /the worker stopped in the middle/);
  assert.ok(heard < 5000, `${heard} ms`);
  await server.startWorker();
  await server.settled("slow");
  assert.ok([before, commit].includes(await branch("slow")));
  assert.equal((await server.get("slow.example.test")).body, "first page of slow");
  await slow.write("Dockerfile", dockerfile());
  await slow.write("page.txt", "after it");
  await slow.commit("quick again");
  const again = await push(slow);
  assert.equal(again.code, 0, again.err);
  assert.equal((await server.get("slow.example.test")).body, "after it");
});
