import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { instancePaths } from "../../src/core/server/instance.ts";
import { standBetween } from "../support/deaf-e2e.ts";
import { nextJournal, type Moment } from "../support/journal-e2e.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, type Said } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

const instance = process.env["MYPAAS_TEST_INSTANCE"] ?? "t-e2e-away";
let server: TestServer;
let web: Source;
let zero: Source;

before(async () => {
  server = await startServer(instance);
  web = await makeSource(server, "web", { keys: ["scale = 1"] });
  zero = await makeSource(server, "zero", { keys: ["scale = 0"] });
  await Promise.all([server.mustPush(web), server.mustPush(zero)]);
});
after(() => server?.remove());

const traefik = docker.getContainer(`${instance}-traefik`);

/** What can happen to a Traefik. */
const troubles = {
  "is restarted": () => traefik.restart({ t: 2 }),
  "is killed and started 3 s later": async () => {
    await traefik.kill();
    await sleep(3_000);
    await traefik.start();
  },
  "hangs for 6 s": async () => {
    await traefik.pause();
    await sleep(6_000);
    await traefik.unpause();
  },
  "hangs for 60 s": async () => {
    await traefik.pause();
    await sleep(60_000);
    await traefik.unpause();
  },
} as const;

/** A push in whose middle something happens to Traefik; the load counts what that costs. */
async function pushThrough(source: Source, at: Moment, trouble: keyof typeof troubles) {
  const load = server.load(source.host, { perSecond: 50 });
  await sleep(300);
  const says = nextJournal(server);
  const push = server.startPush(source);
  await says(at);
  await troubles[trouble]();
  const said = await push.done;
  await server.settled(source.service);
  await sleep(500);
  const { sent, failed, reasons, oldAfterNew, byRelease, longest } = await load.stop();
  const answers = `${oldAfterNew} old after new, longest ${longest} ms, ${JSON.stringify(byRelease)}`;
  const end = said.events.findLast(({ kind }) => kind === "live" || kind === "failed");
  console.log(
    `${trouble} at ${at}: ${JSON.stringify(end)}; ${sent} sent, ${failed} failed ${JSON.stringify(reasons)}, ${answers}`,
  );
  return { said, failed, reasons, oldAfterNew };
}

/** The end that was told is what is there: one release answers, all of it and nothing of another. */
async function assertTrue(source: Source, said: Said, before: string): Promise<void> {
  const { service, host } = source;
  const wanted = said.code === 0 ? `${service}/${eventOf(said, "live").release}` : before;
  if (said.code !== 0)
    assert.equal(
      eventOf(said, "failed").still,
      `${service} still runs release ${before.split("/")[1]}`,
    );
  for (let turn = 0; turn < 20; turn += 1) {
    const { status, release } = await server.get(host);
    assert.deepEqual([status, release], [200, wanted]);
  }
  for (let tries = 0; tries < 150; tries += 1) {
    if ((await server.containers(service)).join() === `${instance}-${service} running`) break;
    await sleep(100);
  }
  assert.deepEqual(await server.containers(service), [`${instance}-${service} running`]);
  const file = await readFile(instancePaths(server.instance).dynamicFile, "utf8");
  assert.doesNotMatch(file, /hold-|rest-|wait-/);
}

interface Case {
  readonly trouble: keyof typeof troubles;
  readonly at: Moment;
  readonly of: "web" | "zero";
}
const cases: readonly Case[] = [
  { of: "web", trouble: "is restarted", at: "intent start" },
  { of: "web", trouble: "is killed and started 3 s later", at: "intent cut-over" },
  { of: "web", trouble: "hangs for 6 s", at: "intent cut-over" },
  { of: "web", trouble: "hangs for 60 s", at: "outcome ready" },
  { of: "web", trouble: "is restarted", at: "intent drain" },
  { of: "zero", trouble: "is killed and started 3 s later", at: "intent hold" },
  { of: "zero", trouble: "is restarted", at: "outcome stop-old" },
  { of: "zero", trouble: "hangs for 6 s", at: "intent cut-over" },
];

for (const { of, trouble, at } of cases)
  test(`a deploy of ${of} ends truthfully when Traefik ${trouble} at ${at}, and the next push works`, async () => {
    const source = of === "web" ? web : zero;
    const before = (await server.get(source.host)).release;
    await source.write("page.txt", `${trouble} at ${at}`);
    const { said, failed } = await pushThrough(source, at, trouble);
    await assertTrue(source, said, before);
    // One that hangs goes on where it was, so that nothing is lost.
    if (trouble.startsWith("hangs") && trouble !== "hangs for 60 s") assert.equal(failed, 0);
    await source.write("page.txt", `after: ${trouble} at ${at}`);
    await server.mustPush(source);
    assert.equal((await server.get(source.host)).body, `after: ${trouble} at ${at}`);
  });

test("a start that Traefik never hears of is made up for by a nudge, and no request is lost", async () => {
  const between = await standBetween(instancePaths(server.instance).dockerSocket);
  try {
    await traefik.restart({ t: 2 });
    await sleep(2_000);
    const load = server.load(web.host, { perSecond: 50 });
    await web.write("page.txt", "unheard");
    const says = nextJournal(server);
    const push = server.startPush(web);
    await says("intent start");
    between.deafen(true);
    await says("outcome start");
    await sleep(500);
    between.deafen(false);
    const said = await push.done;
    await server.settled("web");
    const { sent, failed, reasons, oldAfterNew } = await load.stop();
    const { ms } = eventOf(said, "live");
    console.log(
      `unheard: ${between.lost()} messages lost, live after ${ms} ms, ${sent} sent, ${failed} failed`,
    );
    assert.ok(between.lost() > 0);
    assert.ok(ms >= 3_000, "it had to be nudged");
    assert.deepEqual({ failed, reasons, oldAfterNew }, { failed: 0, reasons: {}, oldAfterNew: 0 });
    assert.equal((await server.get(web.host)).body, "unheard");
  } finally {
    await between.stop();
  }
});
