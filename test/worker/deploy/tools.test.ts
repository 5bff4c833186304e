import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { instancePaths } from "../../../src/core/server/instance.ts";
import { beginJob, insertJob } from "../../../src/adapters/state/jobs.ts";
import { putRelease, setLive } from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { appendStep } from "../../../src/adapters/state/steps.ts";
import { openRouter } from "../../../src/worker/deploy/tools.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { startFakeDocker } from "../../support/fake-docker.ts";
import { release } from "../../support/releases.ts";
import { refusal, scratch, scratchState, testConfig } from "../../support/worker.ts";

async function open(t: TestContext) {
  const config = testConfig(scratch(t));
  const paths = instancePaths(config);
  mkdirSync(paths.dynamicDir, { recursive: true });
  const state = scratchState(t);
  const docker = await startFakeDocker({
    "GET /networks/*": () => ({ status: 404, body: { message: "no such network" } }),
  });
  t.after(docker.close);
  const parts = { state, config, clock: fakeClock(), random: randomBytes, isRoot: false };
  return { state, paths, parts: { ...parts, engineSocket: docker.socketPath } };
}

test("deploy tools: the dynamic file begins with what the state says is live, for Traefik alone", async (t) => {
  const { state, paths, parts } = await open(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const about = { imageId: "i", content: "c", created: 1, key: "root", job: 1 } as const;
  putRelease(state, { release: release("web", 7), state: "live", ...about });
  putRelease(state, { release: release("web", 8), state: "failed", ...about });
  const router = await openRouter(parts);
  assert.deepEqual(
    router.state().live.map(({ number }) => number),
    [7],
  );
  await router.refresh();
  assert.equal(statSync(paths.dynamicFile).mode & 0o777, 0o400);
  assert.match(readFileSync(paths.dynamicFile, "utf8"), /^http:/m);
});

test("deploy tools: the dynamic file begins with the switches that a worker left in the middle", async (t) => {
  const { state, paths, parts } = await open(t);
  for (const service of ["held", "cut"]) {
    const wanted = {
      service,
      action: "push",
      request: service,
      key: "root",
      content: "c",
    } as const;
    const { id: job } = insertJob(state, wanted, 1);
    beginJob(state, job, 0);
    ensureService(state, { name: service, slug: service, now: 1 });
    const about = { imageId: "i", content: "c", created: 1, key: "root", job } as const;
    const url = { routes: [`http://${service}.test`] };
    putRelease(state, { release: release(service, 1, url), state: "live", ...about, job: 99 });
    putRelease(state, { release: release(service, 2, url), state: "starting", ...about });
    const data = { from: 1, ok: true };
    appendStep(state, job, { step: "hold", phase: "outcome", data, at: 1 });
    if (service === "cut")
      appendStep(state, job, { step: "cut-over", phase: "outcome", data, at: 2 });
  }
  const router = await openRouter(parts);
  assert.deepEqual(
    router.state().switches.map(({ service, phase, mode }) => `${service} ${phase} ${mode}`),
    ["held held serving", "cut cut-over serving"],
  );
  await router.refresh();
  const file = readFileSync(paths.dynamicFile, "utf8");
  assert.match(file, /hold-held-r2-1:\n(?: {6}.*\n)* {6}service: held-r1@docker\n/);
  assert.doesNotMatch(file, /hold-cut/);
});

test("deploy tools: what one service took over from another stays with it when the worker starts again", async (t) => {
  const { state, paths, parts } = await open(t);
  const about = { imageId: "i", content: "c", created: 1, key: "root", job: 1 } as const;
  for (const one of [
    release("blog", 9, { routes: ["http://a.test"] }),
    release("web", 1, { routes: ["http://a.test"] }),
  ]) {
    const { service, slug } = one.spec;
    ensureService(state, { name: service, slug, now: 1 });
    putRelease(state, { release: one, state: "starting", ...about });
    setLive(state, service, one.number);
  }
  const router = await openRouter(parts);
  await router.refresh();
  const file = readFileSync(paths.dynamicFile, "utf8");
  assert.match(file, /yield-blog-r9-1:\n(?: {6}.*\n)* {6}service: web-r1@docker\n/);
});

test("deploy tools: a Traefik that does not run is said so", async (t) => {
  const { parts } = await open(t);
  const router = await openRouter(parts);
  const nothing = { routers: [], gone: [], servers: {} };
  assert.equal(
    await refusal(() => router.confirm(nothing, 0)),
    [
      "traefik: did not load the routing within 30 s",
      "Traefik's API does not answer: traefik: container mypaas-traefik does not run",
      "hint: start it: sudo mypaas init",
    ].join("\n"),
  );
});
