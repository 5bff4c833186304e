import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { test, type TestContext } from "node:test";
import { instancePaths } from "../../src/core/server/instance.ts";
import type { Accepted } from "../../src/core/wire/protocol.ts";
import type { Action } from "../../src/core/actions/actions.ts";
import { wireBase } from "../../src/core/wire/protocol.ts";
import { writeInstanceConfig } from "../../src/adapters/host/instance-config.ts";
import { runWorker } from "../../src/worker/worker.ts";
import { refusal, scratch, testConfig } from "../support/worker.ts";
import { fakeWorld } from "../support/world.ts";

const token = "a-token-of-sixteen-letters";
const dockerfile = "# mypaas.servicename = web\nFROM scratch\n";
const sha = (text: string) => createHash("sha256").update(text).digest("hex");

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request over a unix socket, and its whole answer. */
async function ask(socketPath: string, method: string, path: string, body = ""): Promise<Answer> {
  const answer = await begin(socketPath, method, path, body);
  return { status: answer.statusCode ?? 0, text: await textOf(answer) };
}

async function begin(socketPath: string, method: string, path: string, body = "") {
  const headers = {
    authorization: `Bearer ${token}`,
    "content-range": `bytes 0-${body.length - 1}/${body.length}`,
  };
  const asked = request({ socketPath, method, path, headers, agent: false });
  asked.end(body);
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  return answer;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of answer) text += String(chunk);
  return text;
}

/** Docker that answers a ping and lets every build wait. */
async function slowDocker(t: TestContext, dir: string) {
  const builds: ServerResponse[] = [];
  const waiting = Promise.withResolvers<void>();
  const server = createServer((incoming, response) => {
    incoming.resume();
    if (incoming.url?.endsWith("/_ping") === true) response.end("OK");
    else if (incoming.url?.includes("/build") !== true) response.writeHead(404).end("{}");
    else {
      builds.push(response);
      waiting.resolve();
    }
  });
  const socketPath = `${dir}/docker.sock`;
  server.listen(socketPath);
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const release = () => {
    for (const response of builds) response.writeHead(500).end('{"message":"no builder"}');
  };
  return { socketPath, isBuilding: waiting.promise, release };
}

async function server(t: TestContext) {
  const dir = scratch(t);
  const config = testConfig(dir);
  const paths = instancePaths(config);
  mkdirSync(config.stateDir, { recursive: true });
  await writeInstanceConfig(config);
  return { dir, config, paths };
}

async function running(t: TestContext) {
  const { dir, config, paths } = await server(t);
  for (const folder of [paths.receiverDir, paths.dynamicDir])
    mkdirSync(folder, { recursive: true });
  const docker = await slowDocker(t, dir);
  const stop = new AbortController();
  const world = fakeWorld({ interrupted: stop.signal });
  const ready = Promise.withResolvers<void>();
  const ended = runWorker(world, {
    stateDir: config.stateDir,
    engineSocket: docker.socketPath,
    onReady: ready.resolve,
  });
  await Promise.race([ready.promise, ended]);
  const post = (action: Action) =>
    ask(
      paths.localSocket,
      "POST",
      `${wireBase}/requests`,
      JSON.stringify({
        v: 1,
        server: "local",
        created: world.now(),
        nonce: randomBytes(16).toString("hex"),
        tokenHash: sha(token),
        ...action,
      }),
    );
  return { paths, world, stop, ended, docker, post };
}

test("worker: where init never ran, or did not finish, it says so", async (t) => {
  const nowhere = scratch(t);
  assert.equal(
    await refusal(() => runWorker(fakeWorld(), { stateDir: nowhere })),
    `${nowhere}/config.yml: does not exist, so mypaas is not set up here\nhint: run: sudo mypaas init`,
  );
  const { config, paths } = await server(t);
  assert.equal(
    await refusal(() => runWorker(fakeWorld(), { stateDir: config.stateDir })),
    `${paths.receiverDir}: does not exist, so init has not finished here\nhint: run: sudo mypaas init`,
  );
});

test("worker: answers root on its own socket, strangers on none, and leaves no socket behind", async (t) => {
  const { paths, world, stop, ended, post } = await running(t);
  const { status, text } = await post({ action: "server.info" });
  assert.equal(status, 200);
  assert.match(text, /"instance":"mypaas"/);
  // Of the answer itself, so that a laptop knows it whatever it asked.
  assert.match(String((JSON.parse(text) as Accepted).version), /^\d+\.\d+\.\d+$/);
  const { status: refused } = await ask(paths.receiverSocket, "POST", `${wireBase}/requests`, "{}");
  assert.equal(refused, 401);
  assert.equal((await ask(paths.dockerSocket, "GET", "/images/json")).status, 403);
  const modes = [paths.localSocket, paths.receiverSocket, paths.dockerSocket].map(
    (path) => statSync(path).mode & 0o777,
  );
  assert.deepEqual(modes, [0o600, 0o660, 0o660]);
  stop.abort();
  await ended;
  assert.equal(existsSync(paths.localSocket), false);
  assert.equal(world.err(), "");
});

test("worker: while it stops, running deploys go on and Traefik still sees Docker", async (t) => {
  const { paths, stop, ended, docker, post } = await running(t);
  const entry = {
    path: "Dockerfile",
    mode: 0o644,
    size: dockerfile.length,
    sha256: sha(dockerfile),
  };
  const push = {
    dockerfile: "Dockerfile",
    entries: [entry],
    options: { pull: false, noCache: false },
  };
  const accepted = await post({ action: "push", service: "web", push });
  const { request: id } = JSON.parse(accepted.text) as Accepted;
  const own = `${wireBase}/requests/${id}`;
  await ask(paths.localSocket, "PUT", `${own}/blobs/${entry.sha256}`, dockerfile);
  assert.equal((await ask(paths.localSocket, "POST", `${own}/start`)).status, 200);
  const events = await begin(paths.localSocket, "GET", `${own}/events?from=0`);
  await docker.isBuilding;
  stop.abort();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await ask(paths.dockerSocket, "GET", "/_ping")).text, "OK");
  await assert.rejects(post({ action: "server.info" }), /ENOENT|ECONNREFUSED|ECONNRESET/);
  docker.release();
  assert.match(await textOf(events), /"kind":"failed"/);
  await ended;
  assert.equal(existsSync(paths.dockerSocket), false);
});

test("worker: a second one with the same state is refused", async (t) => {
  const { paths, stop, ended } = await running(t);
  const again = runWorker(fakeWorld(), { stateDir: paths.config.replace(/\/config.yml$/, "") });
  assert.match(await refusal(() => again), /another worker uses this state/);
  stop.abort();
  await ended;
});
