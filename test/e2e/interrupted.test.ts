import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Event } from "../../src/core/wire/events.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf, type Running } from "../support/said-e2e.ts";
import { makeSource, slowStep, writeDockerfile, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;
const keys = ["scale = 1"];

before(async () => {
  server = await startServer("t-e2ea-cut");
  web = await makeSource(server, "web", { keys });
  await server.mustPush(web);
});
after(() => server?.remove());

const isInBuild = (event: Event): boolean =>
  event.kind === "build" && event.text.includes("the slow step began");
const isStarting = (event: Event): boolean =>
  event.kind === "step" && event.text.startsWith("starting web");

/** All ends that the log of the newest job tells, and the state it is in. */
function lastJob() {
  const job = server.query("SELECT id, state FROM jobs ORDER BY id DESC LIMIT 1")[0];
  const log = server.query("SELECT event FROM job_log WHERE job = ?", String(job?.["id"]));
  const ends = log
    .map(({ event }) => (JSON.parse(String(event)) as Event).kind)
    .filter((kind) => ["live", "unchanged", "failed", "superseded"].includes(kind));
  return { state: job?.["state"], ends };
}

/** The worker dies at once when the push has said something, and comes back. */
async function killAt(moment: (event: Event) => boolean, isPlain = false) {
  const load = server.load(web.host, { perSecond: 50, isPlain });
  const push: Running = server.startPush(web);
  await push.saw(moment);
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  const said = await push.done;
  await server.settled("web");
  const report = await load.stop();
  console.log(`worker killed and back: ${report.sent} sent, ${report.failed} failed`);
  assert.deepEqual([report.failed, report.reasons], [0, {}]);
  return { said, report };
}

const stopped = (release: number) => ({
  code: 1,
  message: "deploy web: the worker was stopped in the middle",
  hint: "push again: mypaas push",
  details: [],
  still: `web still runs release ${release}`,
});

test("Ctrl-C leaves the deploy running, says how to come back, and a push comes back to it", async () => {
  await writeDockerfile(web, { keys, build: [slowStep(3000)] });
  const push = server.startPush(web);
  await push.saw(isInBuild);
  push.child.kill("SIGINT");
  const left = await push.done;
  assert.equal(left.code, 130);
  assert.equal(
    eventOf(left, "note").text,
    "detached; the deploy goes on without you, follow it again with: mypaas push prod",
  );
  const again = await server.mustPush(web);
  assert.deepEqual([again.code, eventOf(again, "live").release], [0, 2]);
  assert.equal(eventOf(again, "attached").job, eventOf(left, "queued").job);
  assert.equal((await server.get(web.host)).release, "web/2");
  assert.equal(eventOf(await server.mustPush(web), "unchanged").release, 2);
});

test("Ctrl-C with nobody coming back still ends in a live release", async () => {
  await web.write("page.txt", "alone");
  const push = server.startPush(web);
  await push.saw(isInBuild);
  push.child.kill("SIGINT");
  assert.equal((await push.done).code, 130);
  await server.settled("web");
  assert.deepEqual(lastJob(), { state: "done", ends: ["live"] });
  assert.equal((await server.get(web.host)).body, "alone");
});

test("a worker killed in a build ends that job once, and the old release never stops", async () => {
  await web.write("page.txt", "killed in the build");
  const { said, report } = await killAt(isInBuild);
  assert.deepEqual(failureOf(said), stopped(3));
  assert.deepEqual(lastJob(), { state: "interrupted", ends: ["failed"] });
  assert.deepEqual(Object.keys(report.byRelease), ["web/3"]);
  assert.deepEqual(await server.containers("web"), ["t-e2ea-cut-web running"]);
});

test("a worker killed while a release starts leaves no container of it behind", async () => {
  await writeDockerfile(web, { keys });
  await web.write("page.txt", "killed in the start");
  const { said, report } = await killAt(isStarting);
  assert.deepEqual(failureOf(said), stopped(3));
  assert.deepEqual(lastJob(), { state: "interrupted", ends: ["failed"] });
  assert.deepEqual(Object.keys(report.byRelease), ["web/3"]);
  assert.deepEqual(await server.containers("web"), ["t-e2ea-cut-web running"]);
});

test("a worker killed after the cut-over goes on with the new release", async () => {
  await web.write("page.txt", "killed after the cut-over");
  // Answers that take long may still break off here: what comes back does not wait for them yet.
  const { said } = await killAt(({ kind }) => kind === "live", true);
  assert.equal(said.code, 0);
  assert.deepEqual(lastJob(), { state: "done", ends: ["live"] });
  assert.equal((await server.get(web.host)).body, "killed after the cut-over");
  assert.deepEqual(await server.containers("web"), ["t-e2ea-cut-web running"]);
});

test("after all of this a push works as ever", async () => {
  await web.write("page.txt", "well again");
  const said = await server.mustPush(web);
  assert.equal(eventOf(said, "live").service, "web");
  assert.equal((await server.get(web.host)).body, "well again");
  assert.deepEqual(await server.containers("web"), ["t-e2ea-cut-web running"]);
  const open = server.query("SELECT id FROM jobs WHERE ended IS NULL");
  console.log(`jobs without an end: ${open.length}`);
  assert.deepEqual(open, []);
});
