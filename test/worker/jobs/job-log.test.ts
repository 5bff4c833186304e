import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { beginJob, insertJob } from "../../../src/adapters/state/jobs.ts";
import { createJobLog } from "../../../src/worker/jobs/job-log.ts";
import type { LoggedEvent } from "../../../src/core/wire/events.ts";
import { scratchState } from "../../support/worker.ts";

function open(t: TestContext) {
  const state = scratchState(t);
  const log = createJobLog({ state, now: () => 7 });
  const { id } = insertJob(
    state,
    { service: "web", request: "r", key: "root", action: "push", content: "c" },
    1,
  );
  beginJob(state, id, 0);
  return { state, log, job: id };
}

async function collect(events: AsyncIterable<LoggedEvent>): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const event of events)
    texts.push(`${event.offset} ${"text" in event ? event.text : event.kind}`);
  return texts;
}

const never = () => new AbortController().signal;
const step = (text: string) => ({ kind: "step", text }) as const;

test("job log: many listeners hear everything from their offset on and end with the job", async (t) => {
  const { log, job } = open(t);
  const say = log.writer(job, []);
  say(step("one"));
  const heard = [0, 1, 3, 99].map((from) => collect(log.follow(job, from, never())));
  say(step("two"));
  await new Promise((resolve) => setImmediate(resolve));
  say(step("three"));
  log.end(job, "done", { kind: "unchanged", service: "web", release: 1 });
  const all = ["0 one", "1 two", "2 three", "3 unchanged"];
  assert.deepEqual(await Promise.all(heard), [all, all.slice(1), all.slice(3), []]);
  assert.deepEqual(await collect(log.follow(job, 0, never())), all);
});

test("job log: an event is on disk before it is heard", async (t) => {
  const { state, log, job } = open(t);
  log.writer(job, [])(step("one"));
  const iterator = log.follow(job, 0, never())[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, { kind: "step", text: "one", offset: 0, at: 7 });
  assert.equal(state.all("SELECT offset FROM job_log").length, 1);
  await iterator.return?.();
});

test("job log: a listener that leaves while it waits is let go", async (t) => {
  const { log, job } = open(t);
  const gone = new AbortController();
  const heard = collect(log.follow(job, 0, gone.signal));
  await new Promise((resolve) => setImmediate(resolve));
  gone.abort();
  assert.deepEqual(await heard, []);
});

test("job log: secrets are gone before anything is written, long texts are cut behind them", async (t) => {
  const { state, log, job } = open(t);
  log.writer(job, ["s3cretvalue"])(step(`${"x".repeat(8190)}s3cretvalue`));
  log.end(job, "failed", { kind: "failed", message: "s3cretvalue", details: ["a s3cretvalue"] });
  const written = state
    .all("SELECT event FROM job_log ORDER BY offset")
    .map((row) => row.text("event"));
  assert.equal(written.join().includes("s3cret"), false);
  assert.match(written[0] ?? "", /xx…"}$|\*\*…/);
  assert.deepEqual(JSON.parse(written[1] ?? ""), {
    kind: "failed",
    message: "***",
    details: ["a ***"],
  });
});

test("job log: a second end is not written", async (t) => {
  const { log, job } = open(t);
  assert.equal(log.end(job, "superseded", { kind: "superseded", job, by: 2 }), true);
  assert.equal(log.end(job, "failed", { kind: "failed", message: "x", details: [] }), false);
  assert.deepEqual(await collect(log.follow(job, 0, never())), ["0 superseded"]);
});

test("job log: endless build output is cut off with a note, and other events still come through", async (t) => {
  const { log, job } = open(t);
  const say = log.writer(job, []);
  const text = "y".repeat(1024 * 1024);
  for (let line = 0; line < 20; line += 1) say({ kind: "build", text });
  log.end(job, "done", step("end"));
  const heard = await collect(log.follow(job, 8, never()));
  assert.deepEqual(heard, ["8 more output follows and is left out", "9 end"]);
});

test("job log: offsets go on after a restart", async (t) => {
  const { state, log, job } = open(t);
  log.writer(job, [])(step("one"));
  log.flush();
  const next = createJobLog({ state, now: () => 8 });
  next.writer(job, [])(step("two"));
  next.end(job, "done", undefined);
  assert.deepEqual(await collect(next.follow(job, 0, never())), ["0 one", "1 two"]);
});

test("job log: what is said after the end is neither written nor heard", async (t) => {
  const { log, job } = open(t);
  const say = log.writer(job, ["s3cretvalue"]);
  log.end(job, "failed", step("end"));
  say(step("s3cretvalue"));
  log.flush();
  assert.deepEqual(await collect(log.follow(job, 0, never())), ["0 end"]);
});

test("job log: an end that the disk refused at first is written once, with all that was said before", async (t) => {
  const { state, log, job } = open(t);
  log.writer(job, [])(step("one"));
  state.run("CREATE TRIGGER full BEFORE INSERT ON job_log BEGIN SELECT RAISE(ABORT, 'full'); END");
  assert.throws(() => log.end(job, "failed", step("end")), /full/);
  assert.throws(() => log.end(job, "failed", step("end")), /full/);
  state.run("DROP TRIGGER full");
  assert.equal(log.end(job, "failed", step("end")), true);
  assert.deepEqual(await collect(log.follow(job, 0, never())), ["0 one", "1 end"]);
});
