import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { parseAuthorizedKeys } from "../../../src/core/ssh/authorized-keys.ts";
import type { DoneEvent } from "../../../src/core/wire/event-roles.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { authorise } from "../../../src/core/wire/permissions.ts";
import { realClock } from "../../../src/adapters/clock.ts";
import { beginJob, findJob, insertJob, type Job } from "../../../src/adapters/state/jobs.ts";
import { overviews } from "../../../src/adapters/state/overview.ts";
import { completed } from "../../../src/worker/accept/job-log-requests.ts";
import { noService, serviceOf } from "../../../src/worker/jobs/job-kind.ts";
import type { QueuedKind } from "../../../src/worker/jobs/job-kinds.ts";
import { createJobLog } from "../../../src/worker/jobs/job-log.ts";
import { createQueue } from "../../../src/worker/jobs/queue.ts";
import { queuedKindsOf, unchanged } from "../../support/queued-kind.ts";
import { softKey } from "../../support/signed.ts";
import { refusal, scratchState } from "../../support/worker.ts";

const finished: DoneEvent = { kind: "finished", action: "noop", text: "nothing was done" };
const wanted = (action: string, service: string) => ({
  service,
  request: "r",
  key: "root",
  action,
  content: action,
});

/** A worker whose table of jobs has one more kind: a job of the server that does nothing until it may end. */
function open(t: TestContext, recovery: QueuedKind["recovery"] = "repeat") {
  const state = scratchState(t);
  const log = createJobLog({ state, now: () => 1 });
  const gate = Promise.withResolvers<DoneEvent>();
  const noop: QueuedKind = {
    scope: "server",
    supersedes: false,
    title: () => "noop",
    again: () => "do nothing again: mypaas noop",
    perform: (_job, _say, signal) => {
      signal.addEventListener("abort", () => gate.reject(signal.reason as Error));
      return gate.promise;
    },
    recovery,
  };
  const others = queuedKindsOf(async () => unchanged);
  const queue = createQueue({
    state,
    log,
    clock: realClock(() => 1),
    kindOf: (action) => (action === "noop" ? noop : others(action)),
    secretsOf: () => [],
    still: () => assert.fail("a job of the server changes no service"),
    onEnd: () => {},
    limit: 4,
  });
  const events = async ({ id }: Pick<Job, "id">) => {
    const all: Event[] = [];
    const { signal } = new AbortController();
    for await (const { offset: _, at: __, ...event } of log.follow(id, 0, signal)) all.push(event);
    return all;
  };
  return { state, queue, events, finish: () => gate.resolve(finished) };
}

test("a job of the server runs beside those of services, one after the other, and its log ends with what came of it", async (t) => {
  const { state, queue, events, finish } = open(t);
  await queue.recover(async () => {});
  const service = serviceOf({ action: "noop" });
  const [first, second] = [1, 2].map(() => queue.add(wanted("noop", service), () => {}));
  const push = queue.add(wanted("push", "web"), () => {});
  assert.ok(first && second);
  assert.deepEqual((await events(push)).at(-1), unchanged);
  assert.deepEqual(
    [first, second].map(({ id }) => findJob(state, id)?.state),
    ["running", "queued"],
  );
  finish();
  assert.deepEqual(await events(first), [{ kind: "queued", job: first.id, behind: 0 }, finished]);
  assert.deepEqual(await events(second), [{ kind: "queued", job: second.id, behind: 1 }, finished]);
  assert.deepEqual(overviews(state), [], "it makes no service");
});

test("a job of the server is cancelled by itself, in its own words", async (t) => {
  const { queue, events } = open(t);
  await queue.recover(async () => {});
  const job = queue.add(wanted("noop", noService), () => {});
  assert.equal(queue.cancel("web", "ann"), undefined);
  assert.equal(queue.cancelJob(99, "ann"), undefined);
  assert.equal(queue.cancelJob(job.id, "ann"), job.id);
  const message = "noop: cancelled by ann";
  assert.deepEqual((await events(job)).at(-1), { kind: "failed", message, details: [] });
});

test("a job of the server that a worker left in the middle is begun anew, or says how to ask again", async (t) => {
  const repeated = open(t);
  const left = insertJob(repeated.state, wanted("noop", noService), 1);
  beginJob(repeated.state, left.id, 0);
  repeated.finish();
  await repeated.queue.recover(async () => {});
  assert.deepEqual(await repeated.events(left), [finished]);

  const resumed = open(t, { resume: async () => {}, outcome: () => undefined });
  const other = insertJob(resumed.state, wanted("noop", noService), 1);
  beginJob(resumed.state, other.id, 0);
  await resumed.queue.recover(async () => {});
  assert.deepEqual(await resumed.events(other), [
    {
      kind: "failed",
      message: "noop: the worker was stopped in the middle",
      hint: "do nothing again: mypaas noop",
      details: [],
    },
  ]);
});

test("the log of a job of the server is for root and for keys that are not limited to services", async (t) => {
  const { state } = open(t);
  const { id } = insertJob(state, wanted("noop", noService), 1);
  const head = { v: 1, server: "local", created: 1, nonce: "n", tokenHash: "h" } as const;
  const request = { ...head, action: "job.log", job: id } as const;
  const keyOf = (options: string) => {
    const [key] = parseAuthorizedKeys(`${options}${softKey().line}`).keys;
    return key ?? assert.fail();
  };
  for (const caller of ["root", keyOf(""), keyOf('actions="logs" ')] as const) {
    const whole = completed({ state, now: () => 1 }, request, caller);
    assert.deepEqual(whole, request);
    authorise(caller, whole, 1);
  }
  for (const options of ['services="*" ', 'services="web" '])
    assert.match(
      await refusal(() => completed({ state, now: () => 1 }, request, keyOf(options))),
      new RegExp(`^job ${id}: not known here`),
    );
  assert.throws(() => authorise(keyOf('actions="push" '), request, 1), /not allowed: job.log/);
  assert.match(
    await refusal(() => completed({ state, now: () => 1 }, { ...request, service: "web" }, "root")),
    /not known here/,
  );
});
