import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { readRemotes } from "../../../src/adapters/laptop/remotes.ts";
import { deploy } from "../../../src/cli/commands/deploy.ts";
import { push } from "../../../src/cli/commands/push.ts";
import { noWorker } from "../../../src/cli/connect/connect.ts";
import { readDockerfile } from "../../../src/cli/input/dockerfile-path.ts";
import { remoteAdd } from "../../../src/cli/commands/remote.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { isSignedBy, readSshSignature } from "../../../src/core/ssh/sshsig.ts";
import { fakeWireServer, type FakeServerOptions } from "../../support/fake-wire-server.ts";
import { runCommand } from "../../support/command.ts";

const dockerfile = "# mypaas.servicename = web\nFROM scratch\n";
const live: Event = { kind: "live", service: "web", release: 1, urls: ["http://x"], ms: 5 };
const flags = { pull: false, cache: true };
let home = "";

before(async () => {
  home = await mkdtemp(join(tmpdir(), "mypaas-push-"));
  await mkdir(join(home, ".ssh"), { mode: 0o700 });
  execFileSync("ssh-keygen", [
    "-q",
    "-t",
    "ed25519",
    "-N",
    "",
    "-f",
    join(home, ".ssh/id_ed25519"),
  ]);
});
after(() => rm(home, { recursive: true }));

async function project(t: TestContext, files: Readonly<Record<string, string>> = {}) {
  const cwd = await mkdtemp(join(tmpdir(), "mypaas-app-"));
  t.after(() => rm(cwd, { recursive: true }));
  for (const [name, text] of Object.entries({ Dockerfile: dockerfile, ...files }))
    await writeFile(join(cwd, name), text);
  return cwd;
}

async function local(t: TestContext, options: FakeServerOptions = {}) {
  const fake = await fakeWireServer(t, options);
  const { runDir } = await fake.listenOnSocket();
  return { fake, runDir };
}

test("deploy sends this folder to this host's worker without a signature and ends with the job", async (t) => {
  const { fake, runDir } = await local(t, { events: [{ kind: "step", text: "building" }, live] });
  const cwd = await project(t);
  const { code, said } = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir }, io));
  assert.equal(code, 0);
  assert.deepEqual(
    said.map((event) => event.kind),
    ["step", "step", "upload", "upload", "step", "live"],
  );
  const [request] = fake.requests.values();
  assert.equal(request?.server, "local");
  assert.deepEqual(fake.signatures, [undefined]);
});

test("the exit code tells the truth about the job", async (t) => {
  const cases: readonly [Event, number][] = [
    [live, 0],
    [{ kind: "unchanged", service: "web", release: 1 }, 0],
    [{ kind: "failed", message: "build failed", details: [] }, 1],
    [{ kind: "superseded", job: 7, by: 8 }, 1],
  ];
  const cwd = await project(t);
  for (const [event, expected] of cases) {
    const { runDir } = await local(t, { events: [event] });
    const { code } = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir }, io));
    assert.equal(code, expected, event.kind);
  }
});

test("push signs with the user's key, remembers it, and goes over TLS to the first remote", async (t) => {
  const fake = await fakeWireServer(t, { events: [live], signed: true });
  const { origin, pin } = await fake.listenOnTls();
  const cwd = await project(t);
  const env = { PATH: process.env["PATH"], XDG_CONFIG_HOME: join(home, "one") };
  const world = { cwd, home, env };
  const url = `${origin}#srv=0123456789abcdef&pin=${pin}`;
  const added = await runCommand(world, (io) => remoteAdd({ name: "prod", url }, io));
  assert.equal(added.code, 0);
  const { code } = await runCommand(world, (io) => push(flags, io));
  assert.equal(code, 0);
  const [signature] = fake.signatures;
  assert.ok(signature);
  const [request] = fake.requests.values();
  assert.equal(request?.server, "0123456789abcdef");
  const parts = readSshSignature(signature);
  assert.equal(parts.namespace, "mypaas@v1");
  assert.equal(isSignedBy(parts, "mypaas@v1", Buffer.from(JSON.stringify(request))), true);
  const shown = execFileSync("ssh-keygen", ["-lf", join(home, ".ssh/id_ed25519.pub")]).toString();
  const [remote] = await readRemotes(world);
  assert.equal(remote?.fingerprint, shown.split(" ")[1]);
  const words = { ...flags, first: "prod", path: "Dockerfile" };
  assert.equal((await runCommand(world, (io) => push(words, io))).code, 0);
  const fromEnv = { ...world, env: { PATH: env.PATH, MYPAAS_REMOTE: url, XDG_CONFIG_HOME: home } };
  assert.equal((await runCommand(fromEnv, (io) => push(flags, io))).code, 0);
});

test("everything wrong in the Dockerfile is said before anybody is asked", async (t) => {
  const cwd = await project(t, { Dockerfile: "# mypaas.port = 80a\n# mypaas.doman = x\nFROM x\n" });
  const { error } = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir: "/gone" }, io));
  assert.equal(error?.code, "dockerfile");
  assert.match([error.message, ...error.details].join("\n"), /mypaas\.port.*\n[^]*mypaas\.doman/);
});

test("files that cannot be pushed are named before anybody is asked, risky ones are warned about", async (t) => {
  const cwd = await project(t, { "a\nb": dockerfile, ".env": "" });
  const path = join(cwd, "a\nb");
  const { error } = await runCommand({ cwd }, (io) =>
    deploy({ ...flags, path, runDir: "/gone" }, io),
  );
  assert.equal(error?.message, `build context ${cwd}: cannot be pushed`);
  assert.deepEqual(error.details, ['dockerfile: "a\\nb" has control characters in its path']);
  assert.equal(error.hint, "correct them, or list them in .dockerignore");
  await rm(join(cwd, "a\nb"));
  const { runDir } = await local(t, { events: [live] });
  const { said } = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir }, io));
  assert.equal(said.filter((event) => event.kind === "warning").length, 1);
});

test("no remote, an unknown remote, no Dockerfile and no worker each say the way out", async (t) => {
  const cwd = await project(t);
  const world = { cwd, home, env: { XDG_CONFIG_HOME: join(home, "none") } };
  const line = "mypaas remote add";
  const cases = [
    [
      { ...flags },
      "push: no remote is known here",
      `add one with the line that mypaas init printed, in quotes: ${line} prod 'https://…'`,
    ],
    [
      { ...flags, remote: "x" },
      'remote "x": not known here; known: none',
      `add it with the line that mypaas init printed, in quotes: ${line} NAME 'https://…'`,
    ],
    [
      { ...flags, first: "x", path: "." },
      'remote "x": not known here; known: none',
      `add it with the line that mypaas init printed, in quotes: ${line} NAME 'https://…'`,
    ],
    [
      { ...flags, first: "nope" },
      'push: no remote and no file is called "nope"',
      "list the remotes: mypaas remote list",
    ],
    [
      { ...flags, remote: "x", first: ".", path: "b c" },
      'push: one word too many, "b c"',
      "with -r, give only the path: mypaas push -r x 'b c'",
    ],
    [
      { ...flags, remote: "x", first: "nope" },
      "nope: no such file",
      "name the Dockerfile or its folder: mypaas push path/to/Dockerfile",
    ],
  ] as const;
  for (const [args, message, hint] of cases) {
    const { error } = await runCommand(world, (io) => push(args, io));
    assert.deepEqual([error?.message, error?.hint], [message, hint]);
  }
  const { error } = await runCommand(world, (io) => deploy({ ...flags, runDir: "/gone" }, io));
  assert.equal(error?.message, "this machine: no mypaas worker at /gone/local/local.sock");
  assert.equal(
    error.hint,
    "send it to a server: mypaas push, or set up this machine as a server: sudo mypaas init",
  );
});

test("a remote that is spelt a little wrong is recognised", async (t) => {
  const world = { cwd: await project(t), home, env: { XDG_CONFIG_HOME: join(home, "near") } };
  const url = "https://paas.example.com#srv=0123456789abcdef";
  await runCommand(world, (io) => remoteAdd({ name: "prod", url }, io));
  const { error } = await runCommand(world, (io) => push({ ...flags, first: "prdo" }, io));
  assert.equal(error?.message, 'push: no remote and no file is called "prdo"');
  assert.equal(error.hint, "did you mean: mypaas push prod");
});

test("a context that is not a folder is named", async (t) => {
  const cwd = await project(t);
  const args = { ...flags, context: "nope", runDir: "/gone" };
  const { error } = await runCommand({ cwd }, (io) => deploy(args, io));
  assert.equal(error?.message, "--context nope: no such folder");
  assert.equal(
    error.hint,
    "name the folder that holds what the Dockerfile copies, or leave --context out",
  );
});

test("a Dockerfile that cannot be read says so", async () => {
  await assert.rejects(readDockerfile("/proc/self/mem", "Dockerfile"), {
    name: "UserError",
    message: "Dockerfile: unreadable (EIO)",
    hint: "see its permissions: ls -l Dockerfile",
  });
});

test("what was found is said before it is sent", async (t) => {
  const { runDir } = await local(t, { events: [live] });
  const cwd = await project(t, { a: "12345", b: "12345" });
  const { said } = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir }, io));
  assert.deepEqual(said.slice(0, 2), [
    { kind: "step", text: "reading this folder …" },
    { kind: "step", text: "found 3 files, 50 B" },
  ]);
});

test("a large folder is reported while it is read", async (t) => {
  const { runDir } = await local(t, { events: [live] });
  const cwd = await project(t);
  let now = Date.now();
  const world = { cwd, now: () => (now += 5000) };
  const { said } = await runCommand(world, (io) => deploy({ ...flags, runDir }, io));
  assert.deepEqual(said[1], { kind: "step", text: "reading this folder … 40 B so far" });
});

test("a push that meets its own job names it once", async (t) => {
  const before: FakeServerOptions["before"] = (request, answer) => {
    if (request.url?.endsWith("/start") !== true) return false;
    const id = /[0-9a-f]{64}/.exec(request.url)?.[0];
    answer.setHeader("content-type", "application/json");
    answer.end(JSON.stringify({ request: id, job: 7, attached: true, missing: [] }));
    return true;
  };
  const { runDir } = await local(t, {
    before,
    events: [{ kind: "queued", job: 7, behind: 0 }, live],
  });
  const cwd = await project(t);
  const { said, code } = await runCommand({ cwd }, (io) => deploy({ ...flags, runDir }, io));
  assert.equal(code, 0);
  assert.deepEqual(
    said.slice(-2).map((event) => event.kind),
    ["attached", "live"],
  );
});

test("Ctrl-C during the job detaches and says how to come back", async (t) => {
  const stop = new AbortController();
  const before: FakeServerOptions["before"] = (request, answer) => {
    if (!request.url?.includes("/events")) return false;
    answer.write(`${JSON.stringify({ kind: "step", text: "building", offset: 0, at: 0 })}\n`);
    return true;
  };
  const { runDir } = await local(t, { before });
  const world = { cwd: await project(t), interrupted: stop.signal };
  const run = await runCommand(
    world,
    (io) => deploy({ ...flags, runDir }, io),
    (event) => event.kind === "step" && event.text === "building" && stop.abort(),
  );
  assert.equal(run.code, 130);
  assert.deepEqual(run.said.at(-1), {
    kind: "note",
    text: `detached; the deploy continues on the server, follow it again with: mypaas deploy --run-dir ${runDir}`,
  });
});

test("Ctrl-C during the upload stops it and says that nothing was deployed", async (t) => {
  const stop = new AbortController();
  const before: FakeServerOptions["before"] = (request) => {
    if (request.method === "PUT") stop.abort();
    return request.method === "PUT";
  };
  const { fake, runDir } = await local(t, { before });
  const world = { cwd: await project(t), interrupted: stop.signal };
  const run = await runCommand(world, (io) => deploy({ ...flags, runDir }, io));
  assert.equal(run.code, 130);
  assert.deepEqual(run.said.at(-1), {
    kind: "note",
    text: `interrupted; nothing was deployed, go on with: mypaas deploy --run-dir ${runDir}`,
  });
  assert.ok(!fake.log.some((line) => line.endsWith("/start")));
});

test("a socket that one may not open asks for sudo", () => {
  const cause = Object.assign(new Error("no"), { code: "EACCES" });
  const error = noWorker("/run/x.sock", cause, "name a server: -r NAME");
  assert.equal(error.message, "this server: only root may talk to its worker (/run/x.sock)");
  assert.equal(error.hint, "run it with sudo, or name a server: -r NAME");
});
