import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import type { ProberReport } from "../support/prober.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;
const keys = ["scale = 2", "healthcheck = /health", "volume = data:/data"];

before(async () => {
  server = await startServer("t-e2ea-day");
  web = await makeSource(server, "web", { keys });
  await server.mustPush(web);
});
after(() => server?.remove());

function assertLossless(what: string, report: ProberReport): void {
  const { sent, failed, oldAfterNew, reasons, longest } = report;
  console.log(
    `${what}: ${sent} sent, ${failed} failed, ${oldAfterNew} old after new, longest ${longest} ms`,
  );
  assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
}

async function underLoad(what: string, args: readonly string[]) {
  const load = server.load(web.host);
  const said = await server.startCommand(args).done;
  await server.settled("web");
  assertLossless(what, await load.stop());
  assert.equal(said.code, 0, said.out + said.err);
  return said;
}

const sum = (text: string) => createHash("sha256").update(text).digest("hex");

test("five values are set at once under load, as one release, and one of them is taken away again", async () => {
  const values = ["A=1", "B=2", "C=3", "D=4", "COLOUR=dark green"];
  const said = await underLoad("env set", ["env", "web", "set", ...values]);
  assert.equal(eventOf(said, "live").release, 2);
  assert.equal((await server.get(web.host, "/env?COLOUR")).body, sum("dark green"));
  assert.equal(said.out.includes("dark green"), false);
  await underLoad("env unset", ["env", "web", "unset", "COLOUR"]);
  assert.equal((await server.get(web.host, "/env?COLOUR")).body, sum(""));
  const kept = server.query("SELECT body FROM requests WHERE action = 'env.set'");
  assert.equal(JSON.stringify(kept).includes("dark green"), false);
});

test("what is staged waits for the next push", async () => {
  const ids = await server.containers("web", true);
  await server.must(["env", "web", "set", "LATER=yes", "--stage", "-r", "prod"]);
  assert.deepEqual(await server.containers("web", true), ids);
  await web.write("page.txt", "second page");
  await server.mustPush(web);
  assert.equal((await server.get(web.host, "/env?LATER")).body, sum("yes"));
});

test("a service is scaled up and down under load, and a push keeps the number until the Dockerfile says another", async () => {
  await underLoad("scale 3", ["scale", "web", "3"]);
  assert.equal((await server.containers("web")).length, 3);
  await web.write("page.txt", "third page");
  const planned = await server.must(["plan", "-r", "prod", `${web.folder}/Dockerfile`]);
  assert.match(planned.out, /scale stays 3 by mypaas scale, the Dockerfile says 2/);
  await server.mustPush(web);
  assert.equal((await server.containers("web")).length, 3);
  await underLoad("scale 1", ["scale", "web", "1"]);
  assert.equal((await server.containers("web")).length, 1);
});

test("a restart under load loses nothing", async () => {
  const before = (await server.get(web.host)).release;
  await underLoad("restart", ["restart", "web"]);
  assert.notEqual((await server.get(web.host)).release, before);
});

test("what is stopped answers 503 and nothing else, and starts again with requests waiting for it", async () => {
  const load = server.load(web.host, { perSecond: 50 });
  const stopped = await server.startCommand(["stop", "web"]).done;
  assert.equal(stopped.code, 0, stopped.err);
  const { status, body } = await server.get(web.host);
  assert.deepEqual([status, body.includes("web")], [503, false]);
  assert.deepEqual(await server.containers("web"), []);
  const { sent, failed, reasons } = await load.stop();
  console.log(
    `stop: ${sent} sent, ${failed} answered 503, nothing else ${JSON.stringify(reasons)}`,
  );
  assert.ok(Object.keys(reasons).every((reason) => reason.endsWith("status 503")));

  await server.must(["env", "web", "set", "WHILE=stopped", "-r", "prod"]);
  // A worker that starts keeps it stopped.
  await server.stopWorker();
  await server.startWorker();
  assert.equal((await server.get(web.host)).status, 503);
  const starting = server.startCommand(["start", "web"]);
  await starting.saw((event) => event.kind === "step" && event.text.startsWith("starting "));
  const waiting = server.load(web.host);
  const started = await starting.done;
  await server.settled("web");
  assertLossless("start", await waiting.stop());
  assert.equal(started.code, 0, started.out + started.err);
  assert.equal((await server.get(web.host, "/env?WHILE")).body, sum("stopped"));
});

test("a value with which the service does not come up is not kept, and what ran runs on", async () => {
  const failing = await makeSource(server, "picky", {
    keys: ["scale = 1", "start-timeout = 5s"],
    files: {
      "server.js": `if (process.env.MODE === "broken") process.exit(3);
require("node:http").createServer((_, res) => res.end("fine")).listen(3000);`,
    },
  });
  await server.mustPush(failing);
  const load = server.load(failing.host, { isPlain: true });
  const said = await server.startCommand(["env", "picky", "set", "MODE=broken"]).done;
  assertLossless("a bad value", await load.stop());
  assert.match(failureOf(said).message, /^deploy picky: container stopped with exit code 3/);
  assert.equal(failureOf(said).still, "picky still runs release 1");
  const { out } = await server.must(["env", "picky", "-r", "prod"]);
  assert.equal(out.trim(), "picky has no variables set here");
});

test("a service that is removed is gone but for its volume, and comes back with its numbers", async () => {
  const before = await server.run(["remove", "web", "-r", "prod"]);
  assert.equal(before.code, 1);
  assert.match(before.err, /goes: http:\/\/web\.example\.test/);
  assert.match(before.err, /stays: volume t-e2ea-day-web-data/);
  assert.equal((await server.get(web.host)).status, 200);
  const last = Number((await server.get(web.host)).release.split("/")[1]);
  const removed = await server.startCommand(["remove", "web", "--yes"]).done;
  assert.equal(removed.code, 0, removed.out + removed.err);
  assert.deepEqual(eventOf(removed, "removed").kept, ["t-e2ea-day-web-data"]);
  assert.equal((await server.get(web.host)).status, 503);
  assert.deepEqual(await server.containers("web"), []);
  const images = await docker.listImages({ filters: { reference: ["t-e2ea-day/web"] } });
  assert.deepEqual(
    images.map(({ RepoTags }) => RepoTags),
    [],
  );
  const again = await server.mustPush(web);
  assert.equal(eventOf(again, "live").release, last + 1);
  const gone = await server.startCommand(["remove", "web", "--volumes", "--yes"]).done;
  assert.deepEqual(eventOf(gone, "removed").kept, []);
  const { Volumes } = await docker.listVolumes({
    filters: JSON.stringify({ name: ["t-e2ea-day-web"] }),
  });
  assert.deepEqual(Volumes ?? [], []);
});
