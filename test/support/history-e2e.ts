import { mkdir, readFile, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { instancePaths } from "../../src/core/server/instance.ts";
import type { AcmeServer } from "./acme-e2e.ts";
import { declare, redeclare } from "./changes-e2e.ts";
import { nodeImage } from "./images.ts";
import type { TestServer } from "./mypaas-e2e.ts";
import { certify } from "./own-certificate-e2e.ts";
import { softKey } from "./signed.ts";
import { makeSource, slowStep, writeDockerfile, type Source } from "./source-e2e.ts";
import { startTokenRegistry } from "./token-registry.ts";
import { startWireRecorder, type Exchange } from "./wire-recorder.ts";

/** The words of a command, what a laptop said to it, and what went over the wire. */
export interface Recorded {
  readonly words: readonly string[];
  readonly code: number;
  readonly out: string;
  readonly exchanges: readonly Exchange[];
}

/** Every key that a Dockerfile can have. */
const everyKey = (server: TestServer): readonly string[] => [
  "domain = every.example.test",
  "domain = every.example.test/sub",
  "strip-prefix = true",
  "port = 3000",
  "scale = 1",
  "volume = data:/data",
  "volume = ~/pages:/pages:ro",
  `volume = ${join(server.instance.folder, "shared")}:/shared`,
  "env = GREETING=hello",
  "env = SECRET",
  "publish = 127.0.0.1:38471:3000",
  "publish = 38472:3001/udp",
  "healthcheck = /health 2s 1s",
  "start-timeout = 40s",
  "drain-timeout = 5s",
  "stop-timeout = 4s",
  "maxcpu = 0.5",
  "maxmem = 256m",
  "release = node --version",
  "target = run",
  "build-arg = COLOUR=blue",
];

/** Makes a server live through all that a state can hold, but for what is cut off at its end; returns what a laptop said meanwhile. */
export async function makeHistory(acme: AcmeServer): Promise<readonly Recorded[]> {
  const { server } = acme;
  await allowFolder(server);
  const recorded = await startRecording(server);
  try {
    await releases(server, recorded.record);
    await certificates(acme);
    await ends(server);
    await access(server, recorded.record);
    await looks(recorded.record);
    return recorded.all;
  } finally {
    recorded.close();
  }
}

type Record = (
  args: readonly string[],
  more?: { cwd?: string; input?: string; code?: number },
) => Promise<void>;

async function startRecording(server: TestServer) {
  const all: Recorded[] = [];
  const runDir = join(server.instance.folder, "recorder");
  const socket = instancePaths(server.instance).localSocket;
  const listenOn = instancePaths({ ...server.instance, runDir }).localSocket;
  const recorder = await startWireRecorder(listenOn, socket);
  const record: Record = async (args, { code = 0, ...more } = {}) => {
    recorder.take();
    // What a program prints has no JSON around it.
    const words = args.includes("--") ? args : [...args, "--json"];
    const ran = await server.run(words, { env: { MYPAAS_RUN_DIR: runDir }, ...more });
    if (ran.code !== code) throw new Error(`${args.join(" ")}: ${ran.code}\n${ran.out}${ran.err}`);
    await sleep(50);
    all.push({ words, code: ran.code, out: ran.out, exchanges: recorder.take() });
  };
  return { all, record, close: recorder.close };
}

async function allowFolder(server: TestServer): Promise<void> {
  const file = instancePaths(server.instance).config;
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace(/allow: \[\]/, `allow: [${server.instance.folder}/shared]`));
  await mkdir(join(server.instance.folder, "shared"));
  await server.stopWorker();
  await server.startWorker();
}

async function releases(server: TestServer, record: Record): Promise<void> {
  const every = await makeSource(server, "every");
  const lines = (page: string) => [
    "# mypaas.servicename = every",
    ...everyKey(server).map((key) => `# mypaas.${key}`),
    `FROM ${nodeImage} AS run`,
    "ARG COLOUR",
    "WORKDIR /app",
    "COPY . ./",
    `LABEL page=${page}`,
    'CMD ["node", "server.js"]',
  ];
  await server.must(["env", "every", "set", "SECRET=only for this fixture"]);
  await every.write("Dockerfile", `${lines("one").join("\n")}\n`);
  await record(["deploy"], { cwd: every.folder });
  await every.write("page.txt", "second page");
  await server.mustPush(every);
  const web = await makeSource(server, "web", { keys: ["scale = 2", "env = A=1"] });
  await record(["plan"], { cwd: web.folder });
  await record(["deploy"], { cwd: web.folder });
  await record(["deploy"], { cwd: web.folder });
  for (const page of ["second", "third"]) {
    await web.write("page.txt", `${page} page`);
    await server.mustPush(web);
  }
  await record(["rollback", "web"]);
  await record(["scale", "web", "3"]);
  await record(["env", "web", "set", "TOKEN=only for this fixture"]);
  await record(["env", "web", "set", "LATER=only for this fixture", "--stage"]);
  await record(["env", "web", "unset", "TOKEN"]);
  await record(["restart", "web"]);
  await writeDockerfile(web, {
    keys: ["scale = 2", "healthcheck = /health", "start-timeout = 2s"],
  });
  await web.write("page.txt", "sick page");
  await record(["deploy"], { cwd: web.folder, code: 1 });
  await server.must(["env", "soon", "set", "BEFORE=the first push"]);
  const zero = await makeSource(server, "zero", { keys: ["scale = 0", "volume = data:/data"] });
  await server.mustPush(zero);
  await record(["stop", "zero"]);
  await record(["start", "zero"]);
  await record(["stop", "zero"]);
  const gone = await makeSource(server, "gone", { keys: ["volume = data:/data"] });
  await server.mustPush(gone);
  await record(["remove", "gone", "--yes"]);
  const old = await declare(server, "old", [
    "domain = given.test",
    "domain = kept.test",
    "port = 3000",
  ]);
  await server.mustPush(old);
  const taker = await declare(server, "taker", ["domain = given.test", "port = 3000", "scale = 1"]);
  await record(["deploy"], { cwd: taker.folder, code: 1 });
  await record(["deploy", "--take-from", "old"], { cwd: taker.folder });
  const job = await makeSource(server, "worker", {
    files: { "server.js": "setInterval(() => {}, 1000)" },
  });
  await redeclare(job, ["scale = 2 safe"]);
  await server.mustPush(job);
}

async function certificates(acme: AcmeServer): Promise<void> {
  const { server, caDns, point } = acme;
  point("issued.test", "own.test", "bad.test");
  // The server sees the name lead here; the CA is told another address, where nobody answers.
  caDns.set("bad.test", { A: ["127.77.9.250"] });
  const push = async (service: string, hosts: readonly string[]) => {
    const keys = hosts.map((host) => `url = https://${host}`);
    await server.mustPush(await declare(server, service, [...keys, "port = 3000", "scale = 1"]));
  };
  await certify(server, ["own.test", "*.own.test"]);
  await push("own", ["own.test"]);
  await push("issued", ["issued.test"]);
  await push("bad", ["bad.test"]);
  await push("waits", ["nowhere.test"]);
  await acme.until("issued.test", ["issued"], 60);
  await acme.until("bad.test", ["failed"], 90);
  await acme.until("nowhere.test", ["waiting"], 60);
}

/** Jobs that were cancelled, superseded and interrupted. */
async function ends(server: TestServer): Promise<void> {
  const slow = await makeSource(server, "slow", { keys: ["scale = 1"] });
  await server.mustPush(slow);
  await writeDockerfile(slow, { keys: ["scale = 1"], build: [slowStep(20_000)] });
  const first = server.startPush(slow);
  await first.saw((event) => event.kind === "build" && event.text.includes("the slow step"));
  await slow.write("page.txt", "superseded page");
  const second = server.startPush(slow);
  await second.saw((event) => event.kind === "queued");
  await writeDockerfile(slow, { keys: ["scale = 1"] });
  await slow.write("page.txt", "last page");
  const third = server.startPush(slow);
  await second.done;
  await server.must(["cancel", "slow", "-r", "prod"]);
  await Promise.all([first.done, third.done]);
  await slow.write("page.txt", "interrupted page");
  const cut = server.startPush(slow);
  await reaches(server, "slow", "intent ready");
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  await cut.done;
  await server.settled("slow");
}

async function access(server: TestServer, record: Record): Promise<void> {
  const options = [
    ["--services", "blog,web-*", "--actions", "push,logs"],
    ["--expires", "2031-01-31", "--no-volumes"],
    ["--actions", "manage"],
  ] as const;
  for (const words of options) {
    const { line } = softKey();
    await record(["key", "add", ...words, line]);
  }
  await record(["key", "list"]);
  await server.must(["remote", "add", "other", server.line]);
  const registry = await startTokenRegistry();
  const { username, password } = registry.credentials;
  const login = ["registry", "login", registry.host, "--username", username, "--password-stdin"];
  await record(login, { input: `${password}\n` });
  await record(["registry", "list"]);
  await registry.close();
}

/** What only looks. */
async function looks(record: Record): Promise<void> {
  const program = "console.log(1); process.exitCode = 3";
  for (const command of [
    ["ps"],
    ["releases"],
    ["releases", "web"],
    ["env", "web"],
    ["cert", "list"],
    ["logs", "web", "-n", "3"],
    ["logs", "web", "--job"],
  ])
    await record(command);
  await record(["cert", "retry", "nowhere.test"], { code: 1 });
  await record(["doctor"], { code: 1 });
  await record(["run", "web", "--", "node", "-e", program], { code: 3 });
  await record(["exec", "web", "--", "node", "-e", program], { code: 3 });
}

/** What a worker leaves that is killed in the middle of everything. */
export async function lastDays(acme: AcmeServer): Promise<void> {
  const { server, dns, caDns, point } = acme;
  const drains = await declare(server, "drains", [
    "domain = drains.test",
    "port = 3000",
    "scale = 1",
    "drain-timeout = 60s",
  ]);
  await drains.write("server.js", hangs);
  const starts = await makeSource(server, "starts", { keys: ["scale = 1"] });
  const cuts = await makeSource(server, "cuts", { keys: ["scale = 2"] });
  for (const source of [drains, starts, cuts]) await server.mustPush(source);
  void server.run(["exec", "web", "-r", "prod", "--", "node", "-e", "setTimeout(() => {}, 60000)"]);
  void server.run(["run", "web", "-r", "prod", "--", "node", "-e", "setTimeout(() => {}, 60000)"]);
  void server.run(["logs", "web", "-f", "-r", "prod"]);

  await inDrain(server, drains);
  await inStart(server, starts);
  point("asking.test", "new.test");
  caDns.silence(true);
  const asked = ["url = https://asking.test", "port = 3000", "scale = 1"];
  const asks = await declare(server, "asks", asked);
  void server.startPush(asks).done;
  await until(server, "SELECT 1 FROM certificate_hosts WHERE record LIKE '%\"asking\"%'");
  // The server looks its name up for as long as this takes.
  dns.silence(true);
  await redeclare(cuts, ["url = https://new.test", "port = 3000", "scale = 2"]);
  void server.startPush(cuts).done;
  await reaches(server, "cuts", "intent cut-over");
}

/** Answers at once but for `/slow`, which takes longer than any drain. */
const hangs = `require("node:http").createServer((req, res) => {
  if (req.url !== "/slow") res.end("hello");
}).listen(Number(process.env.PORT));`;

async function inDrain(server: TestServer, source: Source): Promise<void> {
  const { httpPort: port } = server.instance;
  await server.mustPush(source);
  const open = { host: server.address, port, path: "/slow", headers: { host: "drains.test" } };
  get(open).on("error", () => undefined);
  await sleep(300);
  await source.write("page.txt", "another page");
  void server.startPush(source).done;
  await reaches(server, "drains", "outcome cut-over");
}

async function inStart(server: TestServer, source: Source): Promise<void> {
  const keys = ["scale = 1", "healthcheck = /health", "start-timeout = 120s"];
  await writeDockerfile(source, { keys });
  await source.write("page.txt", "sick page");
  void server.startPush(source).done;
  await reaches(server, "starts", "intent ready");
  for (const command of [
    ["scale", "starts", "2"],
    ["env", "starts", "set", "STAGED=by a job that waits"],
    ["env", "starts", "unset", "NOTHING"],
  ])
    void server.startCommand(command).done;
  await until(server, "SELECT 1 FROM job_changes WHERE name = 'STAGED'");
}

/** Waits until the newest job of a service has come that far. */
async function reaches(server: TestServer, service: string, moment: string): Promise<void> {
  const [phase = "", step = ""] = moment.split(" ");
  const sql = `SELECT 1 FROM steps WHERE step = ? AND phase = ? AND job =
    (SELECT id FROM jobs WHERE service = ? AND state = 'running' ORDER BY id DESC)`;
  await until(server, sql, step, phase, service);
}

async function until(server: TestServer, sql: string, ...values: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 20_000; tries += 1) {
    if (server.query(sql, ...values).length > 0) return;
    await sleep(3);
  }
  throw new Error(`never came to: ${sql} ${values.join(" ")}`);
}
