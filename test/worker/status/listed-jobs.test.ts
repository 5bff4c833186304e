import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import type { Caller } from "../../../src/core/wire/permissions.ts";
import { beginJob, endJob, insertJob } from "../../../src/adapters/state/jobs.ts";
import { insertLog } from "../../../src/adapters/state/log.ts";
import { putRelease, setReceipt } from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { appendStep } from "../../../src/adapters/state/steps.ts";
import { jobInfos, jobSteps, stepsOf } from "../../../src/worker/status/listed-jobs.ts";
import { release } from "../../support/releases.ts";
import { scratchState } from "../../support/worker.ts";

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB8yH8GlsSC0KmgtGrqWFRGfkuTtoL0kHXHrKFlb3Qqw ann";
const callerWith = (options: string): Caller => {
  const read = parseKeyLine(`${options} ${key}`.trim());
  if (typeof read === "string") throw new Error(read);
  return read;
};

function open(t: TestContext) {
  const state = scratchState(t);
  const add = (service: string, at: number, action = "push") =>
    insertJob(state, { service, request: "r", key: "root", action, content: "c" }, at).id;
  const list = (asked: Parameters<typeof jobInfos>[1] = {}, caller: Caller = "root") =>
    jobInfos({ state, now: () => 0 }, asked, caller);
  return { state, add, list };
}

test("jobs are listed newest first, with their times, release, receipt and failure", (t) => {
  const { state, add, list } = open(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const live = add("web", 10);
  beginJob(state, live, 12);
  putRelease(state, {
    release: release("web", 3),
    imageId: "",
    content: "",
    state: "live",
    created: 11,
    key: "root",
    job: live,
  });
  setReceipt(state, { service: "web", number: 3 }, { ms: 5, requests: 412, failed: 0 });
  endJob(state, live, "done", 20);
  const failed = add("web", 30, "restart");
  beginJob(state, failed, 30);
  insertLog(state, failed, [
    { kind: "build", text: "1", offset: 0, at: 30 },
    { kind: "failed", message: "restart web: no", details: ["secret"], offset: 1, at: 40 },
  ]);
  endJob(state, failed, "failed", 40);
  const waits = add("", 50, "git");
  assert.deepEqual(list(), [
    { job: waits, kind: "git", state: "queued", by: "root", at: 50 },
    {
      job: failed,
      kind: "restart",
      service: "web",
      state: "failed",
      by: "root",
      at: 30,
      startedAt: 30,
      endedAt: 40,
      failure: "restart web: no",
    },
    {
      job: live,
      kind: "push",
      service: "web",
      state: "done",
      by: "root",
      at: 10,
      startedAt: 12,
      endedAt: 20,
      release: 3,
      receipt: { ms: 5, requests: 412, failed: 0 },
    },
  ]);
  assert.equal(list({}, callerWith('actions="push"'))[1]?.failure, undefined);
  assert.equal(list({}, callerWith('actions="logs"'))[1]?.failure, "restart web: no");
});

test("pages follow one another without a gap, and a limited key sees its own services only", (t) => {
  const { add, list } = open(t);
  const ids = Array.from({ length: 7 }, (_, at) => add(["web", "api", ""][at % 3] ?? "", at));
  const pages = [];
  for (let before: number | undefined; ;) {
    const page = list({ limit: 3, ...(before !== undefined && { before }) });
    if (page.length === 0) break;
    pages.push(page.map(({ job }) => job));
    before = page.at(-1)?.job;
  }
  assert.deepEqual(pages, [ids.slice(4).toReversed(), ids.slice(1, 4).toReversed(), [ids[0]]]);
  const seen = (options: string) =>
    list({}, callerWith(options)).map(({ service = "server" }) => service);
  assert.deepEqual(seen('services="web"'), ["web", "web", "web"]);
  assert.deepEqual(seen('services="a*",actions="push"'), ["api", "api"]);
  assert.equal(seen("").length, 7);
  assert.equal(list({ service: "api" }).length, 2);
  assert.deepEqual(list({ service: "gone" }), []);
});

test("steps have the time of each part, also of a job that was built and of one that a crash left", (t) => {
  const { state, add } = open(t);
  const job = add("web", 100);
  assert.deepEqual(jobSteps(state, job).steps, [{ step: "queue", at: 100 }]);
  beginJob(state, job, 130);
  insertLog(state, job, [{ kind: "build", text: "1", offset: 0, at: 140 }]);
  appendStep(state, job, { step: "hold", phase: "intent", data: null, at: 200 });
  appendStep(state, job, { step: "hold", phase: "outcome", data: null, at: 207 });
  appendStep(state, job, { step: "start", phase: "intent", data: null, at: 210 });
  assert.deepEqual(jobSteps(state, job), {
    job,
    steps: [
      { step: "queue", at: 100, ms: 30 },
      { step: "build", at: 130, ms: 70 },
      { step: "hold", at: 200, ms: 7 },
      { step: "start", at: 210 },
    ],
  });
});

test("a clock that was set back makes no negative time, and an end without a beginning is nothing", () => {
  assert.deepEqual(
    stepsOf([
      { step: "drain", phase: "outcome", at: 5 },
      { step: "hold", phase: "intent", at: 10 },
      { step: "hold", phase: "outcome", at: 4 },
    ]),
    [{ step: "hold", at: 10, ms: 0 }],
  );
});
