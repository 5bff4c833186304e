import assert from "node:assert/strict";
import { hintText } from "../../../src/core/hints.ts";
import { test, type TestContext } from "node:test";
import type { JobAction } from "../../../src/core/actions/actions.ts";
import { insertJob } from "../../../src/adapters/state/jobs.ts";
import { insertRequest } from "../../../src/adapters/state/requests.ts";
import { queuedKinds } from "../../../src/worker/jobs/job-kinds.ts";
import type { JobParts } from "../../../src/worker/jobs/job-kind.ts";
import { refusal, scratchState } from "../../support/worker.ts";

function open(t: TestContext) {
  const state = scratchState(t);
  const kindOf = queuedKinds({ state } as Partial<JobParts> as JobParts);
  const jobOf = (asked: JobAction) => {
    const { action } = asked;
    const id = JSON.stringify(asked);
    const key = { key: "root", service: "web", action, content: "c" };
    const more = { accepted: 1, expires: 2, tokenHash: "h", job: undefined };
    const head = { v: 1, server: "local", created: 1, nonce: "0".repeat(32) };
    const body = { ...head, tokenHash: "0".repeat(64), ...asked };
    insertRequest(state, { id, ...key, ...more }, Buffer.from(JSON.stringify(body)));
    return insertJob(state, { ...key, request: id }, 1);
  };
  return { state, kindOf, jobOf };
}

const service = "web";
const entries = [{ path: "Dockerfile", mode: 0o644, size: 1, sha256: "0".repeat(64) }];
const push = { dockerfile: "Dockerfile", entries, options: { pull: false, noCache: false } };
const words: readonly (readonly [JobAction, title: string, again: string])[] = [
  [{ action: "push", service, push }, "deploy web", "push again: mypaas push"],
  [{ action: "rollback", service }, "rollback web", "roll back again: mypaas rollback web"],
  [
    { action: "rollback", service, release: 7 },
    "rollback web",
    "roll back again: mypaas rollback web 7",
  ],
  [{ action: "scale", service, replicas: 3 }, "scale web", "scale it again: mypaas scale web 3"],
  [{ action: "restart", service }, "restart web", "restart it again: mypaas restart web"],
  [{ action: "start", service }, "start web", "start it again: mypaas start web"],
  [{ action: "stop", service }, "stop web", "stop it again: mypaas stop web"],
  [{ action: "remove", service, volumes: [] }, "remove web", "remove it again: mypaas remove web"],
  [
    { action: "env.set", service, set: { A: "", B: "" } },
    "env web",
    "set them again: mypaas env web set A=… B=…",
  ],
  [
    { action: "env.unset", service, names: ["A", "B"] },
    "env web",
    "unset them again: mypaas env web unset A B",
  ],
];

for (const [action, title, again] of words)
  test(`job kinds: a ${action.action} is called ${title}, and ${again}`, (t) => {
    const { kindOf, jobOf } = open(t);
    const job = jobOf(action);
    const kind = kindOf(action.action);
    assert.deepEqual([kind.title(job), hintText(kind.again(job) ?? "")], [title, again]);
  });

test("job kinds: only a push supersedes, and only stop and remove are begun anew", (t) => {
  const { kindOf } = open(t);
  const names = new Set(words.map(([{ action }]) => action));
  const those = (is: (name: string) => boolean) => [...names].filter(is);
  assert.deepEqual(
    those((name) => kindOf(name).supersedes === true),
    ["push"],
  );
  assert.deepEqual(
    those((name) => kindOf(name).recovery === "repeat"),
    ["stop", "remove"],
  );
  assert.deepEqual(
    those((name) => kindOf(name).scope === "server"),
    [],
  );
});

test("job kinds: a job of another version of mypaas fails in words, and nothing is done for it", async (t) => {
  const { state, kindOf } = open(t);
  for (const action of ["backup", "toString"]) {
    const job = insertJob(state, { service, request: "r", key: "root", action, content: "c" }, 1);
    const kind = kindOf(action);
    const { signal } = new AbortController();
    assert.equal(
      await refusal(() => kind.perform(job, () => assert.fail(), signal)),
      `${action} web: not known to this version of mypaas\nhint: update mypaas on the server`,
    );
    assert.ok(kind.recovery !== "repeat");
    await kind.recovery.resume(job, () => assert.fail());
    assert.deepEqual([kind.again(job), kind.recovery.outcome(job)], [undefined, undefined]);
  }
});
