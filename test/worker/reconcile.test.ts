import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { ContainerFacts, Engine } from "../../src/deploy/ports.ts";
import { beginJob, insertJob } from "../../src/adapters/state/jobs.ts";
import { listReleases, putRelease, type ReleaseState } from "../../src/adapters/state/releases.ts";
import { ensureService } from "../../src/adapters/state/services.ts";
import { appendStep } from "../../src/adapters/state/steps.ts";
import { finishNames, reconcile } from "../../src/worker/reconcile.ts";
import { release } from "../support/releases.ts";
import { scratchState } from "../support/worker.ts";

type Container = Pick<ContainerFacts, "id" | "name" | "release" | "replica" | "state">;

const container = (number: number, name: string, state: Container["state"]): Container => ({
  id: `c${number}`,
  name,
  release: number,
  replica: 1,
  state,
});

/** A service whose release 1 is older than the job that was cut off, and 2 is of that job. */
function open(t: TestContext, states: readonly ReleaseState[], containers: readonly Container[]) {
  const state = scratchState(t);
  const job = insertJob(state, { service: "web", request: "r", key: "root", content: "c" }, 1);
  beginJob(state, job.id);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  for (const [index, was] of states.entries()) {
    const number = index + 1;
    putRelease(state, {
      release: release("web", number),
      imageId: "sha256:x",
      content: "c",
      state: was,
      created: 1,
      key: "root",
      job: number === 2 ? job.id : 99,
    });
  }
  const did: string[] = [];
  let there = containers;
  const engine: Partial<Engine> = {
    listContainers: () => Promise.resolve(there as readonly ContainerFacts[]),
    stopContainer: async (id) => void did.push(`stop ${id}`),
    startContainer: async (id) => void did.push(`start ${id}`),
    removeContainer: async (id) => {
      did.push(`remove ${id}`);
      there = there.filter((one) => one.id !== id);
    },
    renameContainer: async (id, name) => {
      did.push(`rename ${id} ${name}`);
      there = there.map((one) => (one.id === id ? { ...one, name } : one));
    },
  };
  const run = () => reconcile({ state, engine: engine as Engine }, job);
  const releases = () =>
    listReleases(state, "web").map((one) => `${one.release.number} ${one.state}`);
  const note = (step: string, phase: "intent" | "outcome") =>
    appendStep(state, job.id, { step, phase, data: null, at: 1 });
  const owed = () => finishNames({ state, now: () => 2 }, async () => engine as Engine);
  return { run, did, releases, note, finishNames: owed };
}

test("reconcile: what never went live is removed before the live one is started again", async (t) => {
  const { run, did, releases } = open(
    t,
    ["live", "starting"],
    [container(2, "mypaas-web-r2-1", "running"), container(1, "web", "exited")],
  );
  await run();
  assert.deepEqual(did.slice(0, 2), ["remove c2", "start c1"]);
  assert.deepEqual(releases(), ["2 failed", "1 live"]);
});

test("reconcile: after the cut-over the release before is stopped, removed, and its name goes on", async (t) => {
  const { run, did, releases } = open(
    t,
    ["retired", "live"],
    [container(2, "unnamed", "running"), container(1, "web", "running")],
  );
  await run();
  assert.deepEqual(did.slice(0, 2), ["stop c1", "remove c1"]);
  assert.match(did[2] ?? "", /^rename c2 \S*web$/);
  assert.equal(did.length, 3);
  assert.deepEqual(releases(), ["2 live", "1 retired"]);
  did.length = 0;
  await run();
  assert.deepEqual(did, []);
});

test("reconcile: a first release that never went live leaves nothing", async (t) => {
  const { run, did, releases } = open(
    t,
    ["failed", "building"],
    [container(2, "unnamed", "created")],
  );
  await run();
  assert.deepEqual(did, ["remove c2"]);
  assert.deepEqual(releases(), ["2 failed", "1 failed"]);
});

test("a name that a worker still owed when it ended is given at the next start, once", async (t) => {
  const server = open(t, ["live"], [container(1, "web.next.invalid", "running")]);
  server.note("take-names", "intent");
  await server.finishNames();
  await server.finishNames();
  assert.deepEqual(server.did, ["rename c1 web"]);
});
