import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { startOnPty } from "../support/pty-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** What the tests run inside: a screen that says what happens to it, sums, and floods. */
const tools = `
const { createHash } = require("node:crypto");
const say = (line) => console.log(line);
const size = () => say("size " + process.stdout.columns + "x" + process.stdout.rows);
const what = {
  screen: () => {
    size();
    process.stdout.on("resize", size);
    process.on("SIGINT", () => { say("got SIGINT"); process.exit(Number(process.argv[3] ?? 130)); });
    setInterval(() => {}, 1000);
    say("ready tty=" + process.stdin.isTTY + " term=" + process.env.TERM);
  },
  sum: () => {
    const hash = createHash("sha256");
    let bytes = 0;
    process.stdin.on("data", (data) => { hash.update(data); bytes += data.length; });
    process.stdin.on("end", () => { say(bytes + " " + hash.digest("hex")); console.error("summed"); });
  },
  echo: () => process.stdin.pipe(process.stdout),
  flood: () => {
    const block = Buffer.alloc(65536, 120);
    let blocks = 0;
    const more = () => { while (process.stdout.write(block)) blocks += 1; };
    process.stdout.on("drain", more);
    more();
  },
  wait: () => { say("waiting"); process.on("SIGHUP", () => { say("hup"); process.exit(1); }); setInterval(() => {}, 1000); },
  deaf: () => { say("deaf"); process.on("SIGINT", () => { say("heard"); process.exit(9); }); setInterval(() => {}, 1000); },
  end: () => process.exit(Number(process.argv[3])),
  die: () => process.kill(process.pid, process.argv[3]),
  look: () => say(JSON.stringify({ colour: process.env.COLOUR, release: process.env.MYPAAS_RELEASE, data: require("node:fs").readFileSync("/data/note", "utf8") })),
  note: () => require("node:fs").writeFileSync("/data/note", process.argv[3]),
};
what[process.argv[2]]();
`;

let server: TestServer;
let web: Source;

before(async () => {
  server = await startServer("t-e2erun");
  web = await makeSource(server, "web", {
    keys: ["scale = 2", "volume = data:/data", "env = COLOUR=green"],
    files: { "tools.js": tools },
  });
  await server.mustPush(web);
});
after(() => server?.remove());

const remote = ["-r", "prod"];
const tool = (...words: readonly string[]) => ["--", "node", "tools.js", ...words];

/** Waits until nothing but the replicas is there. */
async function nothingLeft(): Promise<void> {
  let there: readonly string[] = [];
  for (let tries = 0; tries < 300; tries += 1) {
    there = await server.containers("web");
    if (there.length === 2) return;
    await sleep(100);
  }
  assert.fail(`left behind: ${there.join(", ")}`);
}

function start(args: readonly string[]) {
  const { env, node, program } = server.instance;
  const child = spawn(node, [program, ...args], { env });
  const said = { out: Buffer.alloc(0), err: "" };
  const out: Buffer[] = [];
  child.stderr.on("data", (data: Buffer) => (said.err += data.toString()));
  child.stdin.on("error", () => undefined);
  const done = new Promise<{ code: number | null; out: Buffer; err: string }>((resolve) =>
    child.on("close", (code) => resolve({ code, out: Buffer.concat(out), err: said.err })),
  );
  const read = () => void child.stdout.on("data", (data: Buffer) => out.push(data));
  return { child, done, read, heard: () => Buffer.concat(out).toString(), err: () => said.err };
}

async function pipe(args: readonly string[], input: Uint8Array | string = "") {
  const run = start(args);
  run.read();
  run.child.stdin.end(input);
  return run.done;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let tries = 0; tries < 400; tries += 1) {
    if (isSo()) return;
    await sleep(50);
  }
  assert.fail(`never: ${what}`);
}

const onPty = (args: readonly string[]) => {
  const { env, node, program } = server.instance;
  return startOnPty([node, program, ...args], { env, cols: 97, rows: 31 });
};

const sha = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const places: readonly [string, readonly string[]][] = [
  ["through Traefik and the receiver", remote],
  ["on the server itself", []],
];

for (const [place, where] of places)
  for (const verb of ["run", "exec"]) {
    test(`${verb} ${place}: a terminal with its size, its Ctrl-C and its exit code`, async () => {
      const screen = await onPty([verb, "web", ...where, ...tool("screen", "7")]);
      await screen.shows(/ready tty=true term=xterm-256color/);
      await screen.shows(/size 97x31/);
      screen.resize(120, 40);
      await screen.shows(/size 120x40/);
      screen.type("\u0003");
      assert.equal(await screen.done, 7);
      assert.match(screen.screen(), /got SIGINT/);
      await nothingLeft();
    });

    test(`${verb} ${place}: 10 MB in and 10 MB out arrive intact, stderr apart`, async () => {
      const data = randomBytes(10 * 1024 * 1024);
      const summed = await pipe([verb, "web", ...where, ...tool("sum")], data);
      assert.deepEqual(
        [summed.code, summed.out.toString(), summed.err],
        [0, `${data.length} ${sha(data)}\n`, "summed\n"],
      );
      const slow = start([verb, "web", ...where, ...tool("echo")]);
      slow.child.stdin.end(data);
      // Meanwhile every buffer on the way is full.
      await sleep(1500);
      slow.read();
      const echoed = await slow.done;
      assert.deepEqual([echoed.code, sha(echoed.out)], [0, sha(data)]);
      await nothingLeft();
    });

    test(`${verb} ${place}: the exit code of the program is ours`, async () => {
      for (const code of [0, 1, 7, 70, 255]) {
        const ran = await pipe([verb, "web", ...where, ...tool("end", String(code))]);
        assert.deepEqual([ran.code, ran.err], [code, ""]);
      }
      const died = await pipe([verb, "web", ...where, ...tool("die", "SIGKILL")]);
      assert.equal(died.code, 137);
      const none = await pipe([verb, "web", ...where, "--", "nonesuch"]);
      assert.ok(none.code === 127 || none.code === 126, `exit code ${none.code}`);
      await nothingLeft();
    });
  }

test("run has the environment and the volumes of the release, no routes and no place among the replicas", async () => {
  assert.equal((await pipe(["run", "web", ...remote, ...tool("note", "kept")])).code, 0);
  const { out } = await pipe(["run", "web", ...remote, ...tool("look")]);
  assert.deepEqual(JSON.parse(out.toString()), { colour: "green", release: "1", data: "kept" });
  const waiting = start(["run", "web", ...remote, ...tool("wait")]);
  waiting.read();
  await until("waiting", () => waiting.heard().includes("waiting"));
  const label = ["mypaas.instance=t-e2erun", "mypaas.role=run"];
  const [one] = await docker.listContainers({ filters: { label } });
  assert.equal(one?.Labels["traefik.enable"], "false");
  assert.deepEqual(one?.Ports, []);
  // A deploy meanwhile: what runs by hand goes on.
  await web.write("page.txt", "second page");
  await server.mustPush(web);
  assert.equal((await server.containers("web")).length, 3);
  assert.equal(waiting.child.exitCode, null);
  waiting.child.kill("SIGINT");
  assert.equal((await waiting.done).code, 130);
  const old = await pipe(["run", "web", "--release", "1", ...remote, ...tool("look")]);
  assert.equal((JSON.parse(old.out.toString()) as { release: string }).release, "1");
  await nothingLeft();
});

for (const verb of ["run", "exec"]) {
  test(`${verb}: a signal is heard by a program that reads nothing, behind megabytes of input`, async () => {
    const deaf = start([verb, "web", ...remote, ...tool("deaf")]);
    deaf.read();
    deaf.child.stdin.write(randomBytes(20 * 1024 * 1024));
    await until("deaf", () => deaf.heard().includes("deaf"));
    await sleep(1000);
    deaf.child.kill("SIGINT");
    const { code, out } = await deaf.done;
    assert.deepEqual([code, out.toString()], [9, "deaf\nheard\n"]);
    await nothingLeft();
  });

  test(`${verb}: a client that is killed takes its program with it`, async () => {
    const waiting = start([verb, "web", ...remote, ...tool("wait")]);
    waiting.read();
    await until("waiting", () => waiting.heard().includes("waiting"));
    waiting.child.kill("SIGKILL");
    await nothingLeft();
    await noProcess("wait");
  });

  test(`${verb}: a worker that is killed leaves nothing that its next start does not clear away`, async () => {
    const waiting = start([verb, "web", ...remote, ...tool("wait")]);
    waiting.read();
    await until("waiting", () => waiting.heard().includes("waiting"));
    await server.stopWorker("SIGKILL");
    const { code, err } = await waiting.done;
    assert.equal(code, 1);
    assert.match(err, /error: prod \(.*\): connection lost/);
    await server.startWorker();
    await nothingLeft();
    await noProcess("wait");
  });

  test(`${verb}: who does not read makes the program wait, and nobody's memory grow`, async () => {
    const flood = start([verb, "web", ...remote, ...tool("flood")]);
    const before = await memory();
    await sleep(4000);
    const during = await memory();
    console.log(
      `${verb} with a reader that does not read: ${describe(before)} → ${describe(during)}`,
    );
    assert.ok(during.worker - before.worker < 40, "the worker grew");
    assert.ok(during.receiver - before.receiver < 40, "the receiver grew");
    flood.child.kill("SIGKILL");
    await nothingLeft();
    await noProcess("flood");
  });
}

test("run --detach says its name and returns; what it said can be read until it is cleared away", async () => {
  const ran = await pipe(["run", "web", "--detach", "--json", ...remote, ...tool("wait")]);
  // Before the answer may stand that it takes long.
  const { name, release } = JSON.parse(ran.out.toString().trim().split("\n").at(-1) ?? "") as {
    name: string;
    release: number;
  };
  assert.equal(release, 2);
  assert.match(name, /^t-e2erun-web-run-[0-9a-f]{8}$/);
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  await sleep(1000);
  const container = docker.getContainer(name);
  assert.equal((await container.inspect()).State.Running, true);
  assert.match((await container.logs({ stdout: true })).toString(), /waiting/);
  await container.remove({ force: true });
  await nothingLeft();
});

test("a key without the right is refused, and nothing begins", async () => {
  const { instance } = server;
  const line = (await readFile(`${instance.keyFile}.pub`, "utf8")).trim();
  const [{ fingerprint } = { fingerprint: "" }] = (
    JSON.parse((await server.must(["key", "list", "--json"])).out) as {
      keys: readonly { fingerprint: string }[];
    }
  ).keys;
  const enrol = async (options: string) => {
    await server.must(["key", "remove", fingerprint]);
    await server.must(["key", "add", `${options}${line}`]);
  };
  await enrol('actions="push,logs,manage" ');
  for (const verb of ["run", "exec"]) {
    const ran = await pipe([verb, "web", ...remote, ...tool("end", "0")]);
    assert.equal(ran.code, 1);
    assert.match(
      ran.err,
      new RegExp(`not allowed: ${verb} \\(its actions are push, logs, manage\\)`),
    );
  }
  await enrol('actions="run",services="web" ');
  const allowed = start(["run", "web", ...remote, ...tool("wait")]);
  allowed.read();
  await until("waiting", () => allowed.heard().includes("waiting"));
  // Without its key a line is cut at once.
  await server.must(["key", "remove", fingerprint]);
  const { code, err } = await allowed.done;
  assert.equal(code, 1);
  assert.match(err, /not enrolled on this server any more/);
  await nothingLeft();
});

/** No process of a tool is left inside the replicas. */
async function noProcess(name: string): Promise<void> {
  let left: readonly string[] = [];
  for (let tries = 0; tries < 150; tries += 1) {
    const ids = await server.containers("web", true);
    const tops = await Promise.all(ids.map((id) => docker.getContainer(id).top()));
    left = tops
      .flatMap(({ Processes }) => Processes as readonly (readonly string[])[])
      .map((words) => words.join(" "))
      .filter((line) => line.includes(`tools.js ${name}`));
    if (left.length === 0) return;
    await sleep(100);
  }
  assert.fail(`left: ${left.join(", ")}`);
}

/** Resident memory in MB. */
async function memory() {
  const receiver = await docker.getContainer("t-e2erun-receiver").inspect();
  const [worker = 0, inside = 0] = await Promise.all(
    [server.workerPid, receiver.State.Pid].map((pid) => treeMemory(pid)),
  );
  return { worker, receiver: inside };
}

async function treeMemory(pid: number): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).trim();
  const own = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1];
  const below = children === "" ? [] : children.split(" ").map(Number);
  const sums = await Promise.all(below.map((child) => treeMemory(child)));
  return sums.reduce((all, one) => all + one, Number(own) / 1024);
}

const describe = ({ worker, receiver }: { worker: number; receiver: number }) =>
  `worker ${worker.toFixed(0)} MB, receiver ${receiver.toFixed(0)} MB`;
