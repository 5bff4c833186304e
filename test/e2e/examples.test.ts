import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { nodeImage } from "../support/images.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";

const examples = join(import.meta.dirname, "../../examples");
let folder = "";
let server: TestServer;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "mypaas-examples-"));
  server = await startServer("t-e2ea-examples");
});
after(async () => {
  await server?.remove();
  await rm(folder, { recursive: true, force: true });
});

/** Pushes an example as it stands, but for its base image, which has to come from a registry. */
async function push(example: string): Promise<void> {
  const cwd = join(folder, example);
  await cp(join(examples, example), cwd, { recursive: true });
  const text = await readFile(join(cwd, "Dockerfile"), "utf8");
  await writeFile(join(cwd, "Dockerfile"), text.replace("FROM node:24-slim", `FROM ${nodeImage}`));
  const { code, out, err } = await server.run(["push", "prod"], { cwd });
  assert.equal(code, 0, out + err);
}

test("hello answers with its page", async () => {
  await push("hello");
  const { status, release, body } = await server.get("hello.localhost");
  assert.deepEqual([status, release], [200, "hello/1"]);
  assert.match(body, /Hello from release 1/);
});

test("static answers on a host of its own and below a path of another service's", async () => {
  await push("static");
  const own = await server.get("static.localhost", "/style.css");
  const below = await server.get("hello.localhost", "/files/style.css");
  assert.deepEqual([own.status, own.release, own.body], [200, "static/1", below.body]);
  // Traefik refuses such a path, so that it passes by no route.
  assert.equal((await server.get("static.localhost", "/../server.js")).status, 400);
  assert.equal((await server.get("hello.localhost", "/filesystem")).release, "hello/1");
});

test("with-volume keeps its counter over a deploy", async () => {
  const count = async () => {
    const { body } = await server.get("counter.localhost");
    const [, requests, release] = /^request (\d+), answered by release (\d+)\n$/.exec(body) ?? [];
    return { requests: Number(requests), release: Number(release) };
  };
  await push("with-volume");
  const first = await count();
  await server.must(["env", "counter", "set", "GREETING=hello", "-r", "prod"]);
  await push("with-volume");
  const second = await count();
  assert.deepEqual([first.release, second.release], [1, 2]);
  // The deploy itself asks once whether the route answers.
  assert.equal(second.requests, first.requests + 2);
});
