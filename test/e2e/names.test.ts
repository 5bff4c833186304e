import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { readMessages } from "../../src/adapters/engines/docker/messages.ts";
import { countedBy, makeCaller, type Calls, type Counted } from "../support/caller-e2e.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { failureOf } from "../support/said-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";

const instance = process.env["MYPAAS_TEST_INSTANCE"] ?? "t-e2e-names";
let server: TestServer;
let web: Source;
let caller: Source;

before(async () => {
  server = await startServer(instance);
  web = await makeSource(server, "web", { keys: ["scale = 2"] });
  await server.mustPush(web);
  caller = await makeCaller(server, "caller", `http://${instance}-web:3000/`);
  await server.mustPush(caller);
});
after(() => server?.remove());

interface Lost extends Counted {
  /** Milliseconds in which no container had the name. */
  readonly nameless: number;
}

/** What a service inside loses while something happens to the one that it calls. */
async function during(what: string, work: () => Promise<unknown>): Promise<Lost> {
  const begun = Date.now();
  await countedBy(server, caller, "/reset");
  await work();
  await sleep(500);
  const counted = await countedBy(server, caller);
  const nameless = await namelessSince(begun);
  const tell = ({ sent, failed, reasons, span }: Calls) =>
    `${sent} sent, ${failed} failed ${JSON.stringify(reasons)} within ${span} ms`;
  console.log(
    `${what}: ${tell(counted.fresh)}; on kept connections ${tell(counted.kept)}; nameless for ${nameless.toFixed(1)} ms`,
  );
  return { ...counted, nameless };
}

/** Docker takes the name from one container and gives it to another in two steps; how long that takes is up to the engine and the machine. */
async function namelessSince(begun: number): Promise<number> {
  const name = `${instance}-web`;
  const filters = { event: ["rename"], label: [`mypaas.instance=${instance}`] };
  const stream = await docker.getEvents({
    since: begun / 1000,
    until: Date.now() / 1000,
    filters,
  } as object);
  let freed = 0;
  let ms = 0;
  for await (const { Actor, timeNano } of readMessages(stream as AsyncIterable<Uint8Array>)) {
    const { Attributes } = Actor as { readonly Attributes: Readonly<Record<string, string>> };
    if (Attributes["oldName"] === `/${name}`) freed = Number(timeNano);
    if (Attributes["name"] === name && freed > 0) ms += (Number(timeNano) - freed) / 1e6;
  }
  return ms;
}

async function deploy(page: string): Promise<void> {
  await web.write("page.txt", page);
  await server.mustPush(web);
}

for (const scale of [2, 1])
  test(`a service inside loses at most one call per deploy of the one it calls, and one more for each 10 ms begun in which Docker has given its name to nobody, at scale = ${scale}`, async () => {
    await writeDockerfile(web, { keys: [`scale = ${scale}`] });
    await deploy(`scale ${scale}`);
    const lost = { fresh: 0, kept: 0 };
    let most = 0;
    for (let turn = 1; turn <= 5; turn += 1) {
      const page = `scale ${scale}, page ${turn}`;
      const { fresh, kept, nameless } = await during(page, () => deploy(page));
      // The events are sent after the change, so the true time is a little more or less than theirs.
      most += 1 + Math.ceil(nameless / 10);
      lost.fresh += fresh.failed;
      lost.kept += kept.failed;
      assert.ok(Object.keys(fresh.by).includes(page), "the new release is called");
    }
    const told = `${lost.fresh} lost in 5 deploys of at most ${most}, ${lost.kept} on kept connections`;
    console.log(`scale ${scale}: ${told}`);
    assert.ok(lost.fresh <= most && lost.kept <= 5, told);
  });

test("a service inside goes on calling the old release when the new one does not come up", async () => {
  await writeDockerfile(web, {
    keys: ["scale = 1", "healthcheck = /health", "start-timeout = 2s"],
  });
  await web.write("page.txt", "sick");
  const { fresh, kept } = await during("a bad release", async () => {
    assert.equal(failureOf(await server.push(web)).still, "web still runs release 13");
    await server.settled("web");
  });
  assert.deepEqual([fresh.failed, kept.failed], [0, 0]);
});

test("where only one may run, a service inside is refused while it is replaced, and called again right after", async () => {
  await writeDockerfile(web, { keys: ["scale = 0"] });
  await during("from scale 1 to 0", () => deploy("one at a time"));
  for (let turn = 1; turn <= 2; turn += 1) {
    const page = `one at a time, page ${turn}`;
    const { fresh } = await during(page, () => deploy(page));
    assert.ok(Object.keys(fresh.by).includes(page), "the new release is called");
  }
  await writeDockerfile(web, {
    keys: ["scale = 0", "healthcheck = /health", "start-timeout = 2s"],
  });
  await web.write("page.txt", "sick");
  const { fresh } = await during("a bad release at scale 0", async () => {
    await server.push(web);
    await server.settled("web");
  });
  assert.ok(Object.keys(fresh.by).includes("one at a time, page 2"), "the old release is called");
  await writeDockerfile(web, { keys: ["scale = 1"] });
  await during("from scale 0 to 1", () => deploy("beside each other again"));
  await writeDockerfile(web, {
    keys: ["scale = 0", "healthcheck = /health", "start-timeout = 2s"],
  });
  await web.write("page.txt", "sick");
  const back = await during("a bad release from scale 1 to 0", async () => {
    await server.push(web);
    await server.settled("web");
  });
  const { "beside each other again": answered = 0 } = back.fresh.by;
  assert.ok(answered > back.fresh.failed, "the old release is called again");
});
