import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProberReport } from "../support/prober.ts";
import { startSwitchWorld } from "../support/switch-e2e.ts";

const at = {
  instance: process.env["MYPAAS_TEST_INSTANCE"] ?? "t-switch",
  httpPort: 18460,
  httpsPort: 18461,
};
let world: Awaited<ReturnType<typeof startSwitchWorld>>;

before(async () => {
  world = await startSwitchWorld(at);
});
after(async () => {
  await world.stop();
});

const roll = { scale: { kind: "roll", replicas: 2 } } as const;
const replace = { scale: { kind: "replace" } } as const;

function assertLossless(report: ProberReport): void {
  console.log(JSON.stringify(report));
  assert.deepEqual(
    { failed: report.failed, oldAfterNew: report.oldAfterNew, reasons: report.reasons },
    { failed: 0, oldAfterNew: 0, reasons: {} },
  );
  assert.equal(report.answered, report.sent);
}

test("releases follow one another under load and no request is lost", async () => {
  const first = world.release(1, {}, roll);
  let live = await world.deploy(first, undefined);
  const load = world.load();
  for (const number of [2, 3, 4]) live = await world.deploy(world.release(number, {}, roll), live);
  await sleep(300);
  assertLossless(await load.stop());
  const left = await world.engine.replicas("web");
  assert.deepEqual(
    left.map(({ name, state }) => `${name} ${state}`),
    [`${at.instance}-web running`, `${at.instance}-web-r4-2 running`],
  );
});

test("where the old release stops first, requests wait and none is lost", async () => {
  const before = await world.deploy(world.release(11, {}, replace), undefined);
  const load = world.load();
  await sleep(500);
  const live = await world.deploy(world.release(12, {}, replace), before);
  await sleep(300);
  assertLossless(await load.stop());
  assert.equal(live.number, 12);
});

for (const [what, place] of [
  ["", undefined],
  [
    ", also where no DNS server answers",
    { instance: `${at.instance}-dns`, httpPort: 18462, httpsPort: 18463, dns: "192.0.2.1" },
  ],
] as const)
  test(`changes of the only container that follow at once, bad ones between them, lose nothing${what}`, async () => {
    const here = place === undefined ? world : await startSwitchWorld(place);
    try {
      const make = (number: number, env = {}, spec = {}) =>
        here.release(number, env, { ...replace, ...spec });
      let live = await here.deploy(make(13), undefined);
      const load = here.load(50);
      for (const number of [14, 16]) {
        live = await here.deploy(make(number), live);
        const bad = make(number + 1, { BEHAVE: "silent" }, { startTimeoutMs: 1_000 });
        await assert.rejects(here.deploy(bad, live), { still: `web still runs release ${number}` });
      }
      live = await here.deploy(make(18), live);
      await here.settled();
      const report = await load.stop();
      assertLossless(report);
      const good = [13, 14, 16, 18].map((number) => `web/${number}`);
      assert.deepEqual(Object.keys(report.byRelease).toSorted(), good);
      const waits = here.events.filter(
        (event) => event.kind === "step" && event.text.includes("requests that waited"),
      );
      console.log(`${waits.length} of 5 changes waited longer than a second for the one before`);
    } finally {
      if (place !== undefined) await here.stop();
    }
  });

test("a bad release under load leaves the old one running and loses no request", async () => {
  const live = await world.deploy(world.release(21, {}, roll), undefined);
  const load = world.load();
  await sleep(300);
  await assert.rejects(world.deploy(world.release(22, { BEHAVE: "crash" }, roll), live), {
    name: "UserError",
    message: /^deploy web\.[12]: container stopped with exit code 3, /,
    details: ["cannot find the database"],
    still: "web still runs release 21",
  });
  await assert.rejects(
    world.deploy(
      world.release(23, { HOST: "127.0.0.1" }, { ...roll, startTimeoutMs: 1_500 }),
      live,
    ),
    {
      message: /^deploy web\.[12]: listens on 127\.0\.0\.1:3000 only, /,
      hint: "listen on 0.0.0.0:3000",
    },
  );
  await sleep(300);
  const report = await load.stop();
  assertLossless(report);
  assert.deepEqual(Object.keys(report.byRelease), ["web/21"]);
});

test("a bad release that replaces the only container gives the waiting requests back to the old one", async () => {
  const live = await world.deploy(world.release(31, {}, replace), undefined);
  const load = world.load();
  await sleep(300);
  await assert.rejects(
    world.deploy(
      world.release(32, { BEHAVE: "silent" }, { ...replace, startTimeoutMs: 1_500 }),
      live,
    ),
    {
      message: "deploy web: nothing listens on port 3000 after 1.5 s",
      still: "web still runs release 31",
    },
  );
  await sleep(300);
  const report = await load.stop();
  assertLossless(report);
  assert.deepEqual(Object.keys(report.byRelease), ["web/31"]);
  await world.settled();
  const left = await world.engine.replicas("web");
  assert.deepEqual(
    left.map(({ name, state }) => `${name} ${state}`),
    [`${at.instance}-web running`],
  );
});

test("a release that is down does not keep its repair from going live", async () => {
  const live = await world.deploy(world.release(41, {}, roll), undefined);
  for (const { id } of await world.engine.replicas("web"))
    await world.traefik.docker.getContainer(id).stop({ t: 0 });
  assert.equal((await world.deploy(world.release(42, {}, roll), live)).number, 42);
  const left = await world.engine.replicas("web");
  assert.deepEqual(
    left.map(({ name, state }) => `${name} ${state}`),
    [`${at.instance}-web running`, `${at.instance}-web-r42-2 running`],
  );
});
