import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { instancePaths } from "../../../src/core/server/instance.ts";
import { putRelease } from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
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

test("deploy tools: a Traefik that does not run is said so", async (t) => {
  const { parts } = await open(t);
  const router = await openRouter(parts);
  assert.equal(
    await refusal(() => router.addresses()),
    "traefik: container mypaas-traefik does not run\nhint: start it: sudo mypaas init",
  );
});
