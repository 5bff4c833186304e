import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { Event, Say } from "../../../src/core/wire/events.ts";
import { UserError } from "../../../src/core/errors.ts";
import { realClock } from "../../../src/adapters/clock.ts";
import { beginJob, findJob, insertJob, type Job } from "../../../src/adapters/state/jobs.ts";
import { createJobLog } from "../../../src/worker/jobs/job-log.ts";
import type { QueuedKind, QueuedRecovery } from "../../../src/worker/jobs/job-kinds.ts";
import { createQueue, type QueueParts } from "../../../src/worker/jobs/queue.ts";
import { queuedKindsOf } from "../../support/queued-kind.ts";
import { scratchState } from "../../support/worker.ts";

const live = { kind: "live", service: "web", release: 1, urls: [], ms: 1 } as const;
const wanted = (service: string) => ({
  service,
  request: "r",
  key: "root",
  action: "push",
  content: "c",
});
const nothing = () => {};
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose jobs wait until the test lets each go on. */
function open(
  t: TestContext,
  {
    perform,
    recovery,
    ...more
  }: Partial<QueueParts> & {
    readonly perform?: QueuedKind["perform"];
    readonly recovery?: QueuedKind["recovery"];
  } = {},
) {
  const state = scratchState(t);
  const log = createJobLog({ state, now: () => 1 });
  const begun: number[] = [];
  const ends: string[] = [];
  const gates = new Map<number, PromiseWithResolvers<void>>();
  const gate = (id: number) => {
    const known = gates.get(id) ?? Promise.withResolvers<void>();
    gates.set(id, known);
    return known;
  };
  const waitForGate = async (job: Job) => {
    begun.push(job.id);
    await gate(job.id).promise;
    return live;
  };
  const queue = createQueue({
    state,
    log,
    clock: realClock(() => 1),
    kindOf: queuedKindsOf(perform ?? waitForGate, recovery),
    secretsOf: () => [],
    still: (service) => `nothing runs under ${service} yet`,
    onEnd: (job, end) => ends.push(`${job.id} ${end}`),
    limit: 2,
    ...more,
  });
  const events = async (id: number) => {
    const all: Event[] = [];
    for await (const { offset: _, at: __, ...event } of log.follow(
      id,
      0,
      new AbortController().signal,
    ))
      all.push(event);
    return all;
  };
  return { state, log, queue, begun, ends, gate, events };
}

test("queue: jobs of one service run one after the other, those of others beside it, no more than the limit", async (t) => {
  const { queue, begun, gate, events } = open(t);
  await queue.recover(() => Promise.resolve());
  const [a, b, c, d] = ["web", "web", "blog", "shop"].map(
    (name) => queue.add(wanted(name), nothing).id,
  );
  await turn();
  assert.deepEqual(begun, [a, c]);
  gate(a ?? 0).resolve();
  assert.deepEqual((await events(a ?? 0)).at(-1), live);
  await turn();
  assert.deepEqual(begun, [a, c, b]);
  for (const id of [b, c, d]) gate(id ?? 0).resolve();
  for (const id of [b, c, d]) assert.deepEqual((await events(id ?? 0)).at(-1), live);
  assert.deepEqual((await events(b ?? 0))[0], { kind: "queued", job: b, behind: 1 });
});

test("queue: a newer push supersedes the one that waits, not the one that runs", async (t) => {
  const { queue, gate, events, state, ends } = open(t);
  await queue.recover(() => Promise.resolve());
  const [first, second, third] = [1, 2, 3].map(() => queue.add(wanted("web"), nothing).id);
  assert.deepEqual((await events(second ?? 0)).at(-1), {
    kind: "superseded",
    job: second,
    by: third,
  });
  gate(first ?? 0).resolve();
  gate(third ?? 0).resolve();
  await events(third ?? 0);
  assert.deepEqual(
    [first, second, third].map((id) => findJob(state, id ?? 0)?.state),
    ["done", "superseded", "done"],
  );
  assert.deepEqual(ends, [`${second} superseded`, `${first} done`, `${third} done`]);
});

const failures: readonly (readonly [string, () => unknown, Event])[] = [
  [
    "a UserError",
    () => new UserError("build web: step 2 ended with 1", { hint: "look", details: ["x"] }),
    {
      kind: "failed",
      message: "build web: step 2 ended with 1",
      details: ["x"],
      still: "nothing runs under web yet",
      hint: "look",
    },
  ],
  [
    "a UserError that knows what runs",
    () => new UserError("late", { still: "web still runs release 4" }),
    { kind: "failed", message: "late", details: [], still: "web still runs release 4" },
  ],
  [
    "a text",
    () => "oops",
    { kind: "failed", message: "bug: oops", details: [], still: "nothing runs under web yet" },
  ],
];

for (const [title, make, expected] of failures) {
  test(`queue: a job that throws ${title} ends as failed and lets the next one run`, async (t) => {
    const { queue, events, state } = open(t, { perform: async () => Promise.reject(make()) });
    await queue.recover(() => Promise.resolve());
    const { id } = queue.add(wanted("web"), nothing);
    assert.deepEqual((await events(id)).at(-1), expected);
    assert.equal(findJob(state, id)?.state, "failed");
    const next = queue.add(wanted("web"), nothing);
    assert.deepEqual((await events(next.id)).at(-1), expected);
  });
}

test("queue: a job that throws although everything around it throws too still ends once", async (t) => {
  const fail = () => {
    throw new Error("broken");
  };
  const { queue, events } = open(t, { perform: fail, still: fail, onEnd: fail });
  await queue.recover(() => Promise.resolve());
  const last = (await events(queue.add(wanted("web"), nothing).id)).at(-1);
  assert.equal(last?.kind === "failed" && last.message, "bug: broken");
  assert.equal(last?.kind === "failed" && last.still, "what runs under web is unknown: broken");
});

test("queue: the outcome that a job returns ends its log, and one that it said before is not said again", async (t) => {
  const finished = { kind: "finished", action: "push", text: "all is well" } as const;
  for (const isSaid of [false, true]) {
    const perform = async (_job: Job, say: Say) => {
      if (isSaid) say(finished);
      return finished;
    };
    const { queue, events, state } = open(t, { perform });
    await queue.recover(() => Promise.resolve());
    const { id } = queue.add(wanted("web"), nothing);
    assert.deepEqual((await events(id)).slice(1), [finished]);
    assert.equal(findJob(state, id)?.state, "done");
  }
});

test("queue: what goes wrong after live is a warning", async (t) => {
  const perform = async (_job: Job, say: Say) => {
    say(live);
    return Promise.reject(new Error("old container stays"));
  };
  const { queue, events, state } = open(t, { perform });
  await queue.recover(() => Promise.resolve());
  const { id } = queue.add(wanted("web"), nothing);
  assert.deepEqual((await events(id)).slice(1), [
    live,
    { kind: "warning", text: "after going live: old container stays" },
  ]);
  assert.equal(findJob(state, id)?.state, "done");
});

test("queue: after a restart what ran is reconciled and then interrupted, and what waited runs after it", async (t) => {
  const reconciled: number[] = [];
  const { state, queue, gate, events } = open(t, {
    recovery: {
      resume: (job) => {
        reconciled.push(job.id);
        return Promise.reject(new Error("docker is away"));
      },
      outcome: () => undefined,
    },
  });
  const ran = insertJob(state, wanted("web"), 1).id;
  beginJob(state, ran, 0);
  const waited = insertJob(state, wanted("web"), 1).id;
  gate(waited).resolve();
  const order: string[] = [];
  await queue.recover(async () => {
    order.push(`${findJob(state, ran)?.state} ${findJob(state, waited)?.state}`);
  });
  assert.deepEqual(order, ["running queued"]);
  assert.deepEqual(await events(ran), [
    {
      kind: "failed",
      message: "deploy web: the worker was stopped in the middle",
      hint: "push again: mypaas push",
      hintParts: ["push again: ", "mypaas push"],
      details: ["docker is away"],
      still: "nothing runs under web yet",
    },
  ]);
  assert.deepEqual(await events(waited), [live]);
  assert.deepEqual(reconciled, [ran]);
});

test("queue: what a worker left behind after the cut-over is done, and its log says so once", async (t) => {
  for (const missingEvent of [live, undefined]) {
    const { state, queue, log, ends, events } = open(t, {
      recovery: { resume: async () => {}, outcome: () => ({ missingEvent }) },
    });
    const { id } = insertJob(state, wanted("web"), 1);
    beginJob(state, id, 0);
    if (missingEvent === undefined) log.writer(id, [])(live);
    await queue.recover(() => Promise.resolve());
    assert.deepEqual(ends, [`${id} done`]);
    assert.deepEqual(await events(id), [live]);
  }
});

test("queue: what is said to be live while it is reconciled is not said again", async (t) => {
  const recovery: QueuedRecovery = {
    resume: async (_job, say) => say(live),
    outcome: () => ({ missingEvent: live }),
  };
  const { state, queue, events } = open(t, { recovery });
  const { id } = insertJob(state, wanted("web"), 1);
  beginJob(state, id, 0);
  await queue.recover(() => Promise.resolve());
  assert.deepEqual(await events(id), [live]);
});

test("queue: stopping waits for what runs and begins nothing more", async (t) => {
  const { queue, gate, state } = open(t);
  await queue.recover(() => Promise.resolve());
  const first = queue.add(wanted("web"), nothing).id;
  const second = queue.add(wanted("web"), nothing).id;
  const stopped = queue.stop({ waitMs: 60_000, undoMs: 0 });
  gate(first).resolve();
  assert.equal(await stopped, true);
  assert.deepEqual(
    [findJob(state, first)?.state, findJob(state, second)?.state],
    ["done", "queued"],
  );
});

test("queue: stopping asks what takes too long to undo itself", async (t) => {
  const perform = (_job: Job, _say: Say, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  const { queue, events } = open(t, { perform });
  await queue.recover(() => Promise.resolve());
  const { id } = queue.add(wanted("web"), nothing);
  assert.equal(await queue.stop({ waitMs: 1, undoMs: 60_000 }), true);
  assert.deepEqual((await events(id)).at(-1), {
    kind: "failed",
    message: "worker: stopping, and this job took longer than it could wait",
    hint: "push again: mypaas push",
    hintParts: ["push again: ", "mypaas push"],
    details: [],
    still: "nothing runs under web yet",
  });
});

test("queue: where the disk takes no end for it, the older push runs first instead of being lost", async (t) => {
  const { queue, gate, events, state } = open(t);
  await queue.recover(() => Promise.resolve());
  const [first, second] = [1, 2].map(() => queue.add(wanted("web"), nothing).id);
  state.run(
    "CREATE TRIGGER full BEFORE UPDATE ON jobs WHEN NEW.state = 'superseded' BEGIN SELECT RAISE(ABORT, 'full'); END",
  );
  const third = queue.add(wanted("web"), nothing).id;
  for (const id of [first, second, third]) gate(id ?? 0).resolve();
  assert.deepEqual((await events(third)).at(-1), live);
  assert.equal(findJob(state, second ?? 0)?.state, "done");
});

test("queue: a cancel asks what runs to undo itself and ends what waits, with a word about who asked", async (t) => {
  const perform = (_job: Job, _say: Say, signal: AbortSignal) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener("abort", () =>
        reject(new UserError("broken off", { still: "4 runs" })),
      );
    });
  const { queue, events, state, ends } = open(t, { perform });
  await queue.recover(() => Promise.resolve());
  const [runs, waits] = [1, 2].map(() => queue.add(wanted("web"), nothing).id);
  const other = queue.add(wanted("blog"), nothing).id;
  assert.equal(queue.cancel("shop", "ann"), undefined);
  assert.equal(queue.cancel("web", "ann"), runs);
  const cancelled = { kind: "failed", message: "deploy web: cancelled by ann", details: [] };
  assert.deepEqual((await events(waits ?? 0)).at(-1), {
    ...cancelled,
    still: "nothing runs under web yet",
  });
  assert.deepEqual((await events(runs ?? 0)).at(-1), { ...cancelled, still: "4 runs" });
  assert.deepEqual(ends, [`${waits} cancelled`, `${runs} cancelled`]);
  assert.equal(findJob(state, other)?.state, "running");
  assert.equal(queue.cancel("web", "ann"), undefined);
});

test("queue: a cancel after the cut-over changes nothing", async (t) => {
  const gate = Promise.withResolvers<void>();
  const perform = async (_job: Job, say: Say) => {
    say(live);
    await gate.promise;
    return live;
  };
  const { queue, events, state } = open(t, { perform });
  await queue.recover(() => Promise.resolve());
  const { id } = queue.add(wanted("web"), nothing);
  await turn();
  assert.equal(queue.cancel("web", "ann"), id);
  gate.resolve();
  assert.deepEqual((await events(id)).at(-1), live);
  assert.equal(findJob(state, id)?.state, "done");
});

test("queue: a push does not supersede what holds something else, nor is it superseded by that", async (t) => {
  const { queue, gate, events, state } = open(t);
  await queue.recover(() => Promise.resolve());
  const actions = ["push", "push", "rollback", "push"];
  const ids = actions.map((action) => queue.add({ ...wanted("web"), action }, nothing).id);
  for (const id of ids) gate(id).resolve();
  for (const id of ids) await events(id);
  assert.deepEqual(
    ids.map((id) => findJob(state, id)?.state),
    ["done", "superseded", "done", "done"],
  );
});
