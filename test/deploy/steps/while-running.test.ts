import assert from "node:assert/strict";
import { test } from "node:test";
import { whileRunning } from "../../../src/deploy/steps/while-running.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { fakeEngine } from "../../support/fake-engine.ts";
import { release } from "../../support/releases.ts";

async function running() {
  const clock = fakeClock();
  const { engine, containers } = fakeEngine({ clock, behaviours: {}, did: () => {} });
  const server = { instance: "mypaas", httpPort: 80, httpsPort: 443 };
  await engine.start(release("web", 1), { server, signal: new AbortController().signal });
  const replicas = await engine.replicas("web");
  const [id = ""] = replicas.map((one) => one.id);
  return { id, clock, engine, containers, replicas };
}

test("work goes to its end while the replicas run", async () => {
  const { clock, engine, replicas } = await running();
  let isDone = false;
  await whileRunning({ clock, engine }, replicas, async () => {
    await clock.sleep(1_000);
    isDone = true;
  });
  assert.equal(isDone, true);
});

test("work that fails says so itself", async () => {
  const { clock, engine, replicas } = await running();
  const work = async () => {
    throw new Error("no route");
  };
  await assert.rejects(whileRunning({ clock, engine }, replicas, work), { message: "no route" });
});

test("work is broken off when a replica ends, and told", async () => {
  const { id, clock, engine, containers, replicas } = await running();
  const begun = clock.now();
  let isOver = false;
  const work = async (over: AbortSignal) => {
    await clock.sleep(300);
    await containers.stop(id, 0);
    await clock.sleep(60_000, over).catch(() => (isOver = true));
  };
  await assert.rejects(whileRunning({ clock, engine }, replicas, work), {
    failure: { kind: "ended", exitCode: 143, oomKilled: false, afterMs: 300 },
  });
  assert.deepEqual([isOver, clock.now() - begun], [true, 300]);
});

test("a replica that Docker has started again counts as one that ended", async () => {
  const { id, clock, engine, containers, replicas } = await running();
  const work = async () => {
    await clock.sleep(50);
    await containers.stop(id, 0);
    await containers.start(id);
  };
  await assert.rejects(whileRunning({ clock, engine }, replicas, work), {
    failure: { kind: "restarted" },
  });
});

test("a replica that had ended before is never asked for", async () => {
  const { id, clock, engine, containers } = await running();
  await containers.stop(id, 0);
  const replicas = await engine.replicas("web");
  let isBegun = false;
  const work = async () => {
    isBegun = true;
  };
  await assert.rejects(whileRunning({ clock, engine }, replicas, work), {
    failure: { kind: "ended", exitCode: 143, oomKilled: false, afterMs: 0 },
  });
  assert.equal(isBegun, false);
});
