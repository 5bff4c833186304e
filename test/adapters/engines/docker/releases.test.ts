import assert from "node:assert/strict";
import { test } from "node:test";
import { createReleases } from "../../../../src/adapters/engines/docker/releases.ts";
import type { Containers } from "../../../../src/adapters/engines/docker/containers.ts";
import { commandPlan } from "../../../../src/adapters/engines/docker/container-plan.ts";
import { fakeClock } from "../../../support/fake-clock.ts";
import { fakeEngine } from "../../../support/fake-engine.ts";
import { release } from "../../../support/releases.ts";

const server = { instance: "mypaas", httpsPort: 443 };
const web = (number: number) =>
  release("web", number, { spec: { scale: { kind: "roll", replicas: 2 }, release: "migrate" } });

function open() {
  const done: string[] = [];
  const fake = fakeEngine({
    clock: fakeClock(),
    behaviours: {},
    did: (what) => void done.push(what),
  });
  const start = (number: number, signal = new AbortController().signal) =>
    fake.engine.start(web(number), { server, signal });
  return { ...fake, done, start };
}

test("a removal that fails for one container removes the others all the same", async () => {
  const { start, containers, states } = open();
  await start(1);
  await start(2);
  const remove: Containers["remove"] = async (id) => {
    if (id === "1") throw new Error("device or resource busy");
    await containers.remove(id);
  };
  const releases = createReleases({ ...containers, remove });
  await assert.rejects(releases.remove({ service: "web", number: 1 }), /busy/);
  assert.deepEqual(states(), ["web-r1-1 running", "web-r2-1 running", "web-r2-2 running"]);
});

test("a start that is aborted while it creates containers starts none of them", async () => {
  const { containers, states } = open();
  const cancel = new AbortController();
  const create: Containers["create"] = async (plan) => {
    cancel.abort(new Error("cancelled"));
    return containers.create(plan);
  };
  const { start } = createReleases({ ...containers, create });
  await assert.rejects(start(web(1), { server, signal: cancel.signal }), /cancelled/);
  assert.deepEqual(states(), ["web-r1-1 created"]);
});

test("what an interrupted release command left is no replica, and goes with its release", async () => {
  const { engine, containers, start, states } = open();
  await start(1);
  await containers.create(commandPlan(web(2)));
  assert.deepEqual(
    (await engine.replicas("web")).map((one) => one.name),
    ["web-r1-1", "web-r1-2"],
  );
  assert.deepEqual(await engine.releases("web"), [1, 2]);
  await engine.remove({ service: "web", number: 2 });
  assert.deepEqual(states(), ["web-r1-1 running", "web-r1-2 running"]);
});

test("a release is stopped, started again and stopped before it is removed, where it gets time to end", async () => {
  const { engine, start, done } = open();
  await start(1);
  done.length = 0;
  await engine.stop(web(1));
  await engine.startAgain(web(1));
  await engine.startAgain(web(1));
  await engine.remove({ service: "web", number: 1 }, 1_000);
  const both = (what: string) => [`${what} web-r1-1`, `${what} web-r1-2`];
  assert.deepEqual(done, [...both("stop"), ...both("start"), ...both("stop"), ...both("remove")]);
});
