import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { insertJob } from "../../../src/adapters/state/jobs.ts";
import { insertLog } from "../../../src/adapters/state/log.ts";
import { putRelease, setLive } from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { appendStep } from "../../../src/adapters/state/steps.ts";
import { wentLive } from "../../../src/worker/deploy/interrupted.ts";
import { release } from "../../support/releases.ts";
import { scratchState, testConfig } from "../../support/worker.ts";

function open(t: TestContext) {
  const state = scratchState(t);
  const wanted = { service: "web", request: "r", key: "root", action: "push", content: "c" };
  const job = insertJob(state, wanted, 1);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const made = release("web", 1, { routes: ["http://web.example.test"] });
  const about = { imageId: "i", content: "c", created: 1, key: "root", job: job.id } as const;
  putRelease(state, { release: made, state: "starting", ...about });
  return { state, job, config: testConfig("/nowhere") };
}

const live = {
  kind: "live",
  service: "web",
  release: 1,
  urls: ["http://web.example.test"],
  ms: 40,
} as const;

test("went live: not before the cut-over was recorded", (t) => {
  const { state, job, config } = open(t);
  assert.equal(wentLive({ state, config }, job), undefined);
  setLive(state, "web", 1);
  const later = { ...job, id: job.id + 1 };
  assert.equal(wentLive({ state, config }, later), undefined);
});

test("went live: what the log had no time for is still said, with the time the journal knows", (t) => {
  const { state, job, config } = open(t);
  appendStep(state, job.id, { step: "hold", phase: "intent", data: null, at: 100 });
  appendStep(state, job.id, { step: "cut-over", phase: "outcome", data: null, at: 140 });
  setLive(state, "web", 1);
  assert.deepEqual(wentLive({ state, config }, job), { missingEvent: live });
  insertLog(state, job.id, [{ ...live, offset: 0, at: 140 }]);
  assert.deepEqual(wentLive({ state, config }, job), { missingEvent: undefined });
});
