import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { instancePaths } from "../../src/core/server/instance.ts";
import type { Event } from "../../src/core/wire/events.ts";
import { closeBuildGate } from "../support/build-gate.ts";
import { nextJournal, type Moment } from "../support/journal-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf, type Running } from "../support/said-e2e.ts";
import { makeSource, slowStep, writeDockerfile, type Source } from "../support/source-e2e.ts";

const instance = process.env["MYPAAS_TEST_INSTANCE"] ?? "t-e2ea-cut";
let server: TestServer;
let web: Source;
let zero: Source;
const keys = ["scale = 1"];

before(async () => {
  server = await startServer(instance);
  web = await makeSource(server, "web", { keys });
  zero = await makeSource(server, "zero", { keys: ["scale = 0"] });
  await Promise.all([server.mustPush(web), server.mustPush(zero)]);
});
after(() => server?.remove());

const isInBuild = (event: Event): boolean =>
  event.kind === "build" && event.text.includes("the slow step began");

/** All ends that the log of the newest job tells, and the state it is in. */
function lastJob() {
  const job = server.query("SELECT id, state FROM jobs ORDER BY id DESC LIMIT 1")[0];
  const log = server.query("SELECT event FROM job_log WHERE job = ?", String(job?.["id"]));
  const ends = log
    .map(({ event }) => (JSON.parse(String(event)) as Event).kind)
    .filter((kind) => ["live", "unchanged", "failed", "superseded", "cancelled"].includes(kind));
  return { state: job?.["state"], ends };
}

/** The worker dies at that moment of a push, and comes back. */
async function killAt(source: Source, moment: (push: Running) => Promise<unknown>) {
  const load = server.load(source.host, { perSecond: 50 });
  await sleep(300);
  const push: Running = server.startPush(source);
  await moment(push);
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  const said = await push.done;
  await server.settled(source.service);
  await sleep(500);
  const report = await load.stop();
  const { sent, failed, reasons, oldAfterNew, byRelease, longest } = report;
  const answers = `${oldAfterNew} old after new, longest ${longest} ms, ${JSON.stringify(byRelease)}`;
  console.log(`worker killed and back: ${sent} sent, ${failed} failed, ${answers}`);
  assert.deepEqual([failed, reasons], [0, {}]);
  return { said, report };
}

/** Nothing but one release of the service is left, and nothing of a switch is in Traefik's file. */
async function assertTidy(source: Source): Promise<void> {
  const wanted = [`${instance}-${source.service} running`];
  // A name that requests waited for is given back a while after the job.
  for (let tries = 0; tries < 150; tries += 1) {
    if ((await server.containers(source.service)).join() === wanted.join()) break;
    await sleep(100);
  }
  assert.deepEqual(await server.containers(source.service), wanted);
  const file = await readFile(instancePaths(server.instance).dynamicFile, "utf8");
  assert.doesNotMatch(file, /hold-|rest-|wait-/);
}

const stopped = (service: string, release: number) => ({
  code: 1,
  message: `deploy ${service}: the worker was stopped in the middle`,
  hint: "push again: mypaas push -r prod",
  details: [],
  still: `${service} still runs release ${release}`,
});

test("Ctrl-C leaves the deploy running, says how to come back, and a push comes back to it", async (t) => {
  const gate = await closeBuildGate();
  // Also when something fails before: the next tests wait for this build.
  t.after(() => gate.open());
  await writeDockerfile(web, { keys, build: [gate.step] });
  const push = server.startPush(web);
  await push.saw(isInBuild);
  push.child.kill("SIGINT");
  const left = await push.done;
  assert.equal(left.code, 130);
  assert.equal(
    eventOf(left, "note").text,
    "detached; the deploy continues on the server, follow it again with: mypaas push prod",
  );
  const back = server.startPush(web);
  await back.saw(({ kind }) => kind === "attached");
  gate.open();
  const again = await back.done;
  await server.settled("web");
  assert.deepEqual([again.code, eventOf(again, "live").release], [0, 2]);
  assert.equal(eventOf(again, "attached").job, eventOf(left, "queued").job);
  assert.equal((await server.get(web.host)).release, "web/2");
  assert.equal(eventOf(await server.mustPush(web), "unchanged").release, 2);
});

test("Ctrl-C with nobody coming back still ends in a live release", async () => {
  await writeDockerfile(web, { keys, build: [slowStep(3000)] });
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
  const { said, report } = await killAt(web, (push) => push.saw(isInBuild));
  assert.deepEqual(failureOf(said), stopped("web", 3));
  assert.deepEqual(lastJob(), { state: "interrupted", ends: ["failed"] });
  assert.deepEqual(Object.keys(report.byRelease), ["web/3"]);
  await assertTidy(web);
  await writeDockerfile(web, { keys });
});

interface Case {
  readonly title: string;
  readonly of: () => Source;
  readonly at: Moment;
  readonly isLive: boolean;
}
const of = { web: () => web, zero: () => zero } as const;
const cases: readonly Case[] = [
  { title: "while a release starts", of: of.web, at: "intent start", isLive: false },
  { title: "while a release gets ready", of: of.web, at: "intent ready", isLive: false },
  { title: "in the cut-over", of: of.web, at: "intent cut-over", isLive: true },
  { title: "after the cut-over", of: of.web, at: "outcome cut-over", isLive: true },
  { title: "while the old release drains", of: of.web, at: "intent drain", isLive: true },
  { title: "while requests wait", of: of.zero, at: "intent stop-old", isLive: false },
  { title: "after the old one was stopped", of: of.zero, at: "outcome stop-old", isLive: false },
  { title: "while the only one gets ready", of: of.zero, at: "intent ready", isLive: false },
  { title: "in the cut-over of the only one", of: of.zero, at: "intent cut-over", isLive: true },
  { title: "after the cut-over of the only one", of: of.zero, at: "outcome retire", isLive: true },
];

for (const { title, of: sourceOf, at, isLive } of cases)
  test(`a worker killed ${title} loses no request, ends its job once and leaves one release`, async () => {
    const source = sourceOf();
    const { service, host } = source;
    const before = await server.get(host);
    await source.write("page.txt", `killed ${title}`);
    const says = nextJournal(server);
    const { said } = await killAt(source, () => says(at));
    if (isLive) assert.equal(said.code, 0, said.out);
    else assert.deepEqual(failureOf(said), stopped(service, Number(before.release.split("/")[1])));
    assert.deepEqual(
      lastJob(),
      isLive ? { state: "done", ends: ["live"] } : { state: "interrupted", ends: ["failed"] },
    );
    assert.equal((await server.get(host)).body, isLive ? `killed ${title}` : before.body);
    await assertTidy(source);
  });

test("after all of this a push works as ever", async () => {
  await web.write("page.txt", "well again");
  const said = await server.mustPush(web);
  assert.equal(eventOf(said, "live").service, "web");
  assert.equal((await server.get(web.host)).body, "well again");
  await assertTidy(web);
  const open = server.query("SELECT id FROM jobs WHERE ended IS NULL");
  console.log(`jobs without an end: ${open.length}`);
  assert.deepEqual(open, []);
});
