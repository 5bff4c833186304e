import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { instancePaths } from "../../src/core/server/instance.ts";
import type { Results } from "../../src/core/actions/actions.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf, type Said } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";
import { findTraces } from "../support/traces-e2e.ts";

let server: TestServer;
let begun: number;
let web: Source;
let files: Source;

before(async () => {
  begun = Date.now();
  server = await startServer("t-e2e-secret");
});
after(() => server?.remove());

/** `/sum` is what the build made of its secret; `/file?PATH` a file as the service sees it; `/env` the names of its variables. */
const app = `
const fs = require("node:fs");
const { createHash } = require("node:crypto");
const sum = (data) => createHash("sha256").update(data).digest("hex");
const file = (path) => {
  if (!fs.existsSync(path)) return { none: true };
  const { mode, uid } = fs.statSync(path);
  return { mode: (mode & 0o777).toString(8), uid, sum: sum(fs.readFileSync(path)) };
};
if (process.argv[2] === "release") {
  console.log("release command sees " + file(process.argv[3]).sum);
  process.exit(0);
}
process.on("SIGTERM", () => process.exit(143));
require("node:http").createServer((req, res) => {
  const { pathname, search } = new URL(req.url, "http://x");
  if (pathname === "/sum") return res.end(fs.existsSync("sum") ? fs.readFileSync("sum") : "none");
  if (pathname === "/file") return res.end(JSON.stringify(file(search.slice(1))));
  if (pathname === "/env") return res.end(Object.keys(process.env).toSorted().join(" "));
  if (pathname === "/crash") process.exit(1);
  res.end("up");
}).listen(3000);
`;

/** Mounts a secret, shows it in the build's output, and keeps its sum. */
const mounting = (id: string, more = ""): string =>
  `RUN --mount=type=secret,id=${id}${more} ["node", "-e", "const fs=require('fs'),p='/run/secrets/${id}';if(fs.existsSync(p)){const v=fs.readFileSync(p);console.log('the token is '+v);fs.writeFileSync('sum',require('crypto').createHash('sha256').update(v).digest('hex'))}"]`;

const sumOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const canary = (): string => `canary-${randomUUID()}`;

async function source(
  service: string,
  more: { readonly keys?: readonly string[]; readonly build?: readonly string[] } = {},
): Promise<Source> {
  return makeSource(server, service, { ...more, files: { "server.js": app } });
}

async function set(service: string, words: readonly string[]): Promise<Said> {
  const said = await server.startCommand(["env", service, "set", ...words]).done;
  assert.equal(said.code, 0, said.out + said.err);
  await server.settled(service);
  return said;
}

const body = async ({ host }: Source, path: string): Promise<string> =>
  (await server.get(host, path)).body;

const fileOf = async (from: Source, path: string): Promise<object> =>
  JSON.parse(await body(from, `/file?${path}`)) as object;

const outputOf = (said: Said): string => `${said.out}${said.err}`;

test("a secret reaches the mount of a build, and no layer, history, log, argument, event or record", async () => {
  const token = canary();
  web = await source("web", {
    keys: ["scale = 2"],
    build: [mounting("NPM_TOKEN", ",required=true")],
  });
  await set("web", [`NPM_TOKEN=${token}`, "--secret"]);
  const said = await server.mustPush(web);
  assert.equal(await body(web, "/sum"), sumOf(token));
  assert.equal((await body(web, "/env")).includes("NPM_TOKEN"), false);
  // The step itself printed it.
  assert.match(outputOf(said), /the token is \*\*\*/);
  assert.equal(outputOf(said).includes(token), false);
  assert.match(await listed("web"), /^NPM_TOKEN {2}\([0-9a-f]{12}\) {2}secret for builds$/m);
  const { places, found } = await findTraces(server, "web", { texts: [token], since: begun });
  console.log(`${places} places searched for a build's secret, found in ${found.length}`);
  assert.deepEqual(found, []);
});

test("the search finds a secret that a step leaves in a layer, and nowhere else", async () => {
  const token = canary();
  const leaky = await source("leaky", {
    build: [
      `RUN --mount=type=secret,id=TOKEN ["node", "-e", "require('fs').copyFileSync('/run/secrets/TOKEN', 'left')"]`,
    ],
  });
  await set("leaky", [`TOKEN=${token}`, "--secret"]);
  await server.mustPush(leaky);
  const { found } = await findTraces(server, "leaky", { texts: [token], since: begun });
  assert.ok(
    found.some((place) => place.startsWith("layers of ")),
    found.join(),
  );
  assert.deepEqual(
    found.filter((place) => !/^(layers of|file system of) /.test(place)),
    [],
  );
  await server.must(["remove", "leaky", "--yes", "-r", "prod"]);
});

test("another value of a build's secret changes nothing that runs, and the next push of the same files builds with it", async () => {
  const token = canary();
  const ids = await server.containers("web", true);
  const said = await server.must(["env", "web", "set", `NPM_TOKEN=${token}`, "-r", "prod"]);
  assert.match(said.out, /^set NPM_TOKEN as a secret of web; its next push has it$/m);
  assert.deepEqual(await server.containers("web", true), ids);
  const pushed = await server.mustPush(web);
  assert.equal(eventOf(pushed, "live").release, 2);
  assert.equal(await body(web, "/sum"), sumOf(token));
  assert.equal(eventOf(await server.mustPush(web), "unchanged").release, 2);
});

test("two services with the same files, pushed at once, each build with their own secret", async () => {
  const tokens = { one: canary(), two: canary() };
  const both = await Promise.all(
    (["one", "two"] as const).map(async (name) => {
      const made = await source(name, { build: [mounting("TOKEN", ",required=true")] });
      await set(name, [`TOKEN=${tokens[name]}`, "--secret"]);
      return { made, token: tokens[name] };
    }),
  );
  await Promise.all(both.map(({ made }) => server.mustPush(made)));
  for (const { made, token } of both) assert.equal(await body(made, "/sum"), sumOf(token));
  // The other's secret is no secret of this one.
  const thief = await source("thief", { build: [mounting("NPM_TOKEN", ",required=true")] });
  const { message, hint } = failureOf(await server.push(thief));
  assert.match(message, /^build thief: step "RUN .*": secret NPM_TOKEN is not set on the server$/);
  assert.equal(hint, "set it, then push again: mypaas env thief set NPM_TOKEN=… --secret -r prod");
});

test("a value that was set as a variable reaches a build too, with a word about the variable; a missing one only where it is required", async () => {
  const token = canary();
  const plain = await source("plain", { build: [mounting("TOKEN"), mounting("OTHER")] });
  await server.must(["env", "plain", "set", `TOKEN=${token}`, "--stage", "-r", "prod"]);
  const said = await server.mustPush(plain);
  assert.equal(await body(plain, "/sum"), sumOf(token));
  assert.match(outputOf(said), /TOKEN is a secret of the build and also an environment variable/);
  assert.match(outputOf(said), /secret \\?"OTHER\\?" is not set on the server/);
  assert.ok((await body(plain, "/env")).split(" ").includes("TOKEN"));
  // It leaves the environment at once.
  const marked = await set("plain", [`TOKEN=${token}`, "--secret"]);
  assert.equal(eventOf(marked, "live").release, 2);
  assert.equal((await body(plain, "/env")).split(" ").includes("TOKEN"), false);
});

const account = "/run/secrets/SA_JSON";
const key = "/etc/app/tls.pem";
const json = () => `{\n  "private_key": "${canary()}"\n}\n`;
const first = { SA_JSON: json(), TLS_KEY: `-----BEGIN-----\n${canary()}\n-----END-----\n` };
const second = json();

const expected = (text: string) => ({ mode: "400", uid: 1000, sum: sumOf(text) });

async function setFiles(service: string, values: Readonly<Record<string, string>>): Promise<Said> {
  const words = await Promise.all(
    Object.entries(values).map(async ([name, text]) => {
      const path = join(server.instance.folder, `${name}.txt`);
      await writeFile(path, text);
      return ["--from-file", `${name}=${path}`];
    }),
  );
  const said = await set(service, [...words.flat(), "--secret"]);
  await Promise.all(
    Object.keys(values).map((name) => rm(join(server.instance.folder, `${name}.txt`))),
  );
  return said;
}

test("a push without a secret that its Dockerfile names is refused before the build", async () => {
  files = await source("files", {
    keys: [
      "scale = 2",
      "secret = SA_JSON",
      `secret = TLS_KEY:${key}`,
      `release = node server.js release ${account}`,
    ],
    build: ["USER 1000"],
  });
  const { message, hint } = failureOf(await server.push(files));
  assert.equal(message, "secret SA_JSON, TLS_KEY: not set on the server");
  assert.equal(hint, "run: mypaas env files set SA_JSON=… TLS_KEY=… --secret -r prod");
});

test("a secret is a file that only the image's user can read, in replicas, release command and programs by hand", async () => {
  await setFiles("files", first);
  const said = await server.mustPush(files);
  assert.match(outputOf(said), new RegExp(`release command sees ${sumOf(first.SA_JSON)}`));
  for (let round = 0; round < 4; round += 1) {
    assert.deepEqual(await fileOf(files, account), expected(first.SA_JSON));
    assert.deepEqual(await fileOf(files, key), expected(first.TLS_KEY));
  }
  assert.doesNotMatch(await body(files, "/env"), /SA_JSON|TLS_KEY/);
  const ran = await server.must([
    "run",
    "files",
    "-r",
    "prod",
    "--",
    "node",
    "server.js",
    "release",
    key,
  ]);
  assert.match(ran.out, new RegExp(sumOf(first.TLS_KEY)));
  assert.match(
    await listed("files"),
    /^SA_JSON {2}\(\w{12}\) {2}secret, file \/run\/secrets\/SA_JSON$/m,
  );
  const [answer] = (await server.must(["env", "files", "--json", "-r", "prod"])).out.split("\n");
  const { env } = JSON.parse(answer ?? "") as Results["env.list"];
  assert.deepEqual(
    env.map(({ name, use, paths }) => [name, use, paths]),
    [
      ["SA_JSON", "file", [account]],
      ["TLS_KEY", "file", [key]],
    ],
  );
  const texts = Object.values(first).map((text) => /canary-[\w-]+/.exec(text)?.[0] ?? "");
  const { places, found } = await findTraces(server, "files", { texts, since: begun });
  console.log(`${places} places searched for secrets of files, found in ${found.length}`);
  assert.deepEqual(found, []);
});

test("the files are there after docker restart, a crash, more replicas, and a restart of the worker", async () => {
  const [one = ""] = await server.containers("files", true);
  await docker.getContainer(one).restart();
  assert.equal((await server.get(files.host, "/crash")).status, 502);
  await answers(files, 2);
  await server.stopWorker();
  await server.startWorker();
  await server.must(["scale", "files", "3", "-r", "prod"]);
  await server.settled("files");
  for (let round = 0; round < 6; round += 1)
    assert.deepEqual(await fileOf(files, account), expected(first.SA_JSON));
});

test("another value of a file is a release, a rollback brings the old one back, and what no release needs goes", async () => {
  const before = await server.containers("files", true);
  const said = await setFiles("files", { SA_JSON: second });
  assert.ok(eventOf(said, "live").release > 2);
  assert.deepEqual(await fileOf(files, account), expected(second));
  assert.deepEqual(await fileOf(files, key), expected(first.TLS_KEY));
  assert.equal(
    (await server.containers("files", true)).some((id) => before.includes(id)),
    false,
  );
  await server.must(["rollback", "files", "-r", "prod"]);
  await server.settled("files");
  assert.deepEqual(await fileOf(files, account), expected(first.SA_JSON));
  // A push takes what is set now.
  await files.write("page.txt", "more");
  await server.mustPush(files);
  assert.deepEqual(await fileOf(files, account), expected(second));
  const unset = await server.startCommand(["env", "files", "unset", "SA_JSON"]).done;
  assert.equal(failureOf(unset).message, "secret SA_JSON: not set on the server");
  assert.deepEqual(await fileOf(files, account), expected(second));
});

test("a stopped service starts with another value, and a removed one leaves no file", async () => {
  await server.must(["stop", "files", "-r", "prod"]);
  await server.settled("files");
  const third = json();
  await setFiles("files", { SA_JSON: third });
  await server.must(["start", "files", "-r", "prod"]);
  await server.settled("files");
  assert.deepEqual(await fileOf(files, account), expected(third));
  const { secrets } = instancePaths(server.instance);
  const { mode, uid } = await stat(join(secrets, "files"));
  assert.deepEqual([mode & 0o777, uid], [0o700, 0]);
  await server.must(["remove", "files", "--yes", "-r", "prod"]);
  await assert.rejects(stat(join(secrets, "files")), { code: "ENOENT" });
  assert.deepEqual(server.query("SELECT * FROM secret_files WHERE service = 'files'"), []);
});

test("an image that starts as root can give the file to whichever user it becomes", async () => {
  const value = canary();
  const root = await source("rooted", { keys: ["secret = PASSWORD"] });
  await set("rooted", [`PASSWORD=${value}`]);
  await server.mustPush(root);
  assert.deepEqual(await fileOf(root, "/run/secrets/PASSWORD"), {
    mode: "444",
    uid: 0,
    sum: sumOf(value),
  });
  // The Dockerfile says that it is a file.
  assert.doesNotMatch(await body(root, "/env"), /PASSWORD/);
});

const listed = async (service: string): Promise<string> =>
  (await server.must(["env", service, "-r", "prod"])).out;

/** Waits until that many containers of a service run again and answer. */
async function answers(of: Source, count: number): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const running = (await server.containers(of.service)).filter((one) => one.endsWith("running"));
    const { status } = await server.get(of.host);
    if (running.length === count && status === 200) return;
    await sleep(100);
  }
  throw new Error(`${of.service}: not ${count} containers that answer after half a minute`);
}
