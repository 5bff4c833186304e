import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { initArgs } from "../../scripts/machine/instance.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, type Said } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let hello: Source;

before(async () => {
  server = await startServer("t-e2ea-push");
  hello = await makeSource(server, "hello", {
    keys: ["scale = 2", "healthcheck = /health"],
    files: { "big.bin": Buffer.alloc(3_000_000, "x") },
  });
});
after(() => server?.remove());

/** Most bytes that any line of progress told. */
const uploaded = (said: Said): number =>
  said.events
    .filter((event) => event.kind === "upload")
    .reduce((most, { bytes }) => Math.max(most, bytes), 0);

test("the first push goes through Traefik and the receiver over pinned TLS, and the page answers", async () => {
  assert.match(server.line, /^https:\/\/127\.0\.0\.1:\d+#srv=[0-9a-f]{16}&pin=[\w-]{43}$/);
  const said = await server.mustPush(hello);
  const { release, urls } = eventOf(said, "live");
  console.log(`first push: ${uploaded(said)} bytes, live at ${urls.join(" ")}`);
  assert.equal(release, 1);
  assert.deepEqual(urls, [`http://hello.example.test:${server.instance.httpPort}`]);
  assert.ok(uploaded(said) > 3_000_000);
  assert.deepEqual(await server.get(hello.host), {
    status: 200,
    release: "hello/1",
    body: "first page",
  });
});

test("a second push with one changed file sends that file and no other byte", async () => {
  await hello.write("page.txt", "second page, and longer");
  const { size } = await stat(join(hello.folder, "page.txt"));
  const said = await server.mustPush(hello);
  const { totalFiles, totalBytes } = eventOf(said, "upload");
  console.log(`one changed file: ${totalFiles} file, ${totalBytes} bytes`);
  assert.deepEqual([totalFiles, totalBytes, uploaded(said)], [1, size, size]);
  assert.deepEqual(await server.get(hello.host), {
    status: 200,
    release: "hello/2",
    body: "second page, and longer",
  });
  assert.deepEqual(await server.containers("hello"), [
    "t-e2ea-push-hello running",
    "t-e2ea-push-hello-r2-2 running",
  ]);
});

test("an unchanged push sends nothing, builds nothing and says so", async () => {
  const [ids, stored] = [await server.containers("hello", true), await server.stored()];
  const said = await server.mustPush(hello);
  const built = said.events.filter(({ kind }) => kind === "build").length;
  const { service, release } = eventOf(said, "unchanged");
  console.log(`unchanged: ${uploaded(said)} bytes, ${built} lines of a build`);
  assert.deepEqual([service, release, uploaded(said), built], ["hello", 2, 0, 0]);
  const words = await server.run(["push", "prod"], { cwd: hello.folder });
  assert.equal(words.code, 0);
  assert.match(words.err, /nothing changed: hello runs release 2 with exactly this\n$/);
  assert.deepEqual(await server.containers("hello", true), ids);
  assert.deepEqual(await server.stored(), { ...stored, jobs: stored.jobs + 2 });
});

test("init a second time changes nothing, says so and prints the same line", async () => {
  const ours = async () => {
    const label = [`mypaas.instance=${server.instance.name}`];
    const found = await docker.listContainers({ all: true, filters: { label } });
    return found.map(({ Id, Created, State }) => `${Id} ${Created} ${State}`).toSorted();
  };
  const before = await ours();
  const again = await server.must(initArgs(server.instance));
  const steps = again.err
    .split("\n")
    .filter((line) => / (already there|created|changed|started)$/.test(line));
  console.log(`init again: ${steps.length} steps, ${before.length} containers untouched`);
  assert.ok(steps.length > 8, again.err);
  assert.deepEqual(
    steps.filter((line) => !line.endsWith(": already there")),
    [],
  );
  assert.ok(again.out.includes(server.line), again.out);
  assert.deepEqual(await ours(), before);
  assert.equal((await server.get(hello.host)).release, "hello/2");
});
