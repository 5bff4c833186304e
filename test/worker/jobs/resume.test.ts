import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Event } from "../../../src/core/wire/events.ts";
import { containerPlan } from "../../../src/adapters/engines/docker/container-plan.ts";
import { createNameHandovers } from "../../../src/deploy/name-handover.ts";
import { beginJob, endJob, findJob, insertJob } from "../../../src/adapters/state/jobs.ts";
import {
  listReleases,
  putRelease,
  type ReleaseState,
} from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { appendStep, readSteps } from "../../../src/adapters/state/steps.ts";
import { interruptedChanges } from "../../../src/worker/deploy/interrupted.ts";
import type { DeployTools } from "../../../src/worker/deploy/deploy-context.ts";
import { createJobLog } from "../../../src/worker/jobs/job-log.ts";
import { queuedKinds } from "../../../src/worker/jobs/job-kinds.ts";
import type { JobParts } from "../../../src/worker/jobs/job-kind.ts";
import { createQueue } from "../../../src/worker/jobs/queue.ts";
import { finishNames, reconcile } from "../../../src/worker/jobs/resume.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { fakeEngine } from "../../support/fake-engine.ts";
import { fakeRouter } from "../../support/fake-router.ts";
import { release } from "../../support/releases.ts";
import { scratchState, testConfig } from "../../support/worker.ts";

const web = (number: number) => release("web", number, { routes: ["http://example.com"] });

/** A service whose release 1 is older than the job that was cut off, and 2 is of that job; both have a container that runs. */
async function open(t: TestContext, states: readonly ReleaseState[], ...numbers: number[]) {
  const state = scratchState(t);
  const clock = fakeClock();
  const did: string[] = [];
  const said: Event[] = [];
  const { id } = insertJob(
    state,
    { service: "web", request: "r", key: "root", action: "push", content: "c" },
    1,
  );
  beginJob(state, id, 0);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  for (const [index, was] of states.entries()) {
    const number = index + 1;
    const job = number === 2 ? id : 99;
    const more = { imageId: "sha256:x", content: "c", created: 1, key: "root" };
    putRelease(state, { release: web(number), state: was, job, ...more });
  }
  const parts = fakeEngine({ clock, behaviours: {}, did: (what) => did.push(what) });
  const { engine, containers } = parts;
  const server = { instance: "mypaas", httpsPort: 443 };
  for (const number of numbers) {
    const plan = containerPlan(web(number), 1, { server, aliases: [] });
    await containers.start(await containers.create(plan));
  }
  await clock.sleep(1_000);
  did.length = 0;
  const { router } = fakeRouter({ live: web(1), to: web(2), did: (what) => did.push(what) });
  const nameHandovers = createNameHandovers();
  const meter = { begin: async () => ({ read: async () => undefined, end: () => undefined }) };
  const tools = { engine, router, nameHandovers, meter } as Partial<DeployTools>;
  const traefikEvents = { waitUntilSubscribed: async () => void did.push("Traefik hears") };
  const all = {
    state,
    clock,
    traefikEvents,
    config: testConfig("/tmp"),
    tools: async () => tools as DeployTools,
  };
  const job = () => findJob(state, id) ?? assert.fail();
  /** Starts a worker's queue on that state, as an earlier program left it for a job of this action. */
  const recoverAs = async (action: string) => {
    state.run("UPDATE jobs SET action = ? WHERE id = ?", action, id);
    const log = createJobLog({ state, now: clock.now });
    const kindOf = queuedKinds(all as unknown as JobParts);
    const parts = { secretsOf: () => [], still: () => "web still runs release 1", limit: 1 };
    const onEnd = () => undefined;
    const queue = createQueue({ ...parts, state, log, clock, kindOf, onEnd });
    await queue.recover(async () => {});
    const { signal } = new AbortController();
    const events: Event[] = [];
    for await (const { offset: _, at: __, ...event } of log.follow(id, 0, signal))
      events.push(event);
    return { state: job().state, last: events.at(-1) };
  };
  return {
    did,
    said,
    clock,
    state,
    recoverAs,
    run: () => reconcile(all, job(), (event) => said.push(event)),
    end: () => endJob(state, id, "done", 2),
    finishNames: () => finishNames(all),
    settled: () => nameHandovers.settled("web"),
    containers: parts.states,
    releases: () => listReleases(state, "web").map((one) => `${one.release.number} ${one.state}`),
    note: (step: string, phase: "intent" | "outcome", from: number | null = 1) =>
      appendStep(state, id, { step, phase, data: { from, ok: phase === "outcome" }, at: 7 }),
    steps: () => readSteps(state, id).map(({ step, phase }) => `${phase} ${step}`),
  };
}

test("reconcile: what never went live is removed, and its release has failed", async (t) => {
  const server = await open(t, ["live", "starting"], 1, 2);
  server.note("hold", "intent");
  server.note("start", "intent");
  assert.deepEqual(
    interruptedChanges(server.state).map(({ kind }) => kind),
    ["hold"],
  );
  await server.run();
  assert.deepEqual(server.did, ["Traefik hears", "remove web-r2-1", "settled on 1"]);
  assert.deepEqual(server.releases(), ["2 failed", "1 live"]);
  assert.deepEqual(server.said, []);
});

test("reconcile: after the cut-over the new release is recorded, said to be live, named, and the one before is retired", async (t) => {
  const server = await open(t, ["live", "starting"], 1, 2);
  server.note("hold", "intent");
  server.note("cut-over", "outcome");
  assert.deepEqual(
    interruptedChanges(server.state).map(({ kind }) => kind),
    ["hold", "cut-over"],
  );
  await server.run();
  assert.deepEqual(server.did, [
    "rename web-r2-1 to web",
    "stop web-r1-1",
    "remove web-r1-1",
    "settled on 2",
  ]);
  assert.deepEqual(server.releases(), ["2 live", "1 retired"]);
  const urls = ["http://example.com"];
  assert.deepEqual(server.said, [{ kind: "live", service: "web", release: 2, urls, ms: 0 }]);
  server.did.length = 0;
  await server.run();
  assert.deepEqual(server.did, ["settled on 2"]);
});

test("reconcile: a job that had begun no switch touches only containers that nothing knows", async (t) => {
  const server = await open(t, ["live", "building"], 1, 9);
  assert.deepEqual(interruptedChanges(server.state), []);
  await server.run();
  assert.deepEqual(server.did, ["remove web-r9-1"]);
  assert.deepEqual(server.releases(), ["2 failed", "1 live"]);
});

test("reconcile: a first release that never went live leaves nothing", async (t) => {
  const server = await open(t, ["failed", "starting"], 2);
  server.note("start", "intent", null);
  await server.run();
  assert.deepEqual(server.containers(), []);
  assert.deepEqual(server.releases(), ["2 failed", "1 failed"]);
});

test("a name that a worker still owed is given once who waits for it has had time, and once", async (t) => {
  const server = await open(t, ["live"], 1);
  server.note("take-names", "intent");
  await server.finishNames();
  await server.settled();
  assert.deepEqual(server.did, [], "a job that still runs does it itself");
  server.end();
  const before = server.clock.now();
  await server.finishNames();
  await server.settled();
  assert.equal(server.clock.now() - before, 10_000);
  await server.finishNames();
  await server.settled();
  assert.deepEqual(server.did, ["rename web-r1-1 to web"]);
  assert.deepEqual(server.steps(), ["intent take-names", "outcome take-names"]);
});

const verbs: readonly (readonly [action: string, verb: string])[] = [
  ["push", "deploy"],
  ["rollback", "rollback"],
  ["scale", "scale"],
  ["restart", "restart"],
  ["start", "start"],
  ["env.set", "env"],
  ["env.unset", "env"],
];

for (const [action, verb] of verbs)
  test(`a ${action} that an earlier worker left in the middle is finished after its cut-over, and undone before`, async (t) => {
    const cut = await open(t, ["live", "starting"], 1, 2);
    cut.note("hold", "intent");
    cut.note("cut-over", "outcome");
    const urls = ["http://example.com"];
    assert.deepEqual(await cut.recoverAs(action), {
      state: "done",
      last: { kind: "live", service: "web", release: 2, urls, ms: 0 },
    });
    const held = await open(t, ["live", "starting"], 1, 2);
    held.note("hold", "intent");
    held.note("start", "intent");
    assert.deepEqual(await held.recoverAs(action), {
      state: "interrupted",
      last: {
        kind: "failed",
        message: `${verb} web: the worker was stopped in the middle`,
        details: [],
        still: "web still runs release 1",
      },
    });
    assert.deepEqual(held.releases(), ["2 failed", "1 live"]);
  });
