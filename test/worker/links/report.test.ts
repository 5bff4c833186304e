import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test, type TestContext } from "node:test";
import type { StatusRequest } from "../../../src/core/links/commit-status.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import { addReport, openReports } from "../../../src/adapters/state/commit-reports.ts";
import { beginJob, endJob, insertJob, type JobEnd } from "../../../src/adapters/state/jobs.ts";
import { findLink } from "../../../src/adapters/state/links.ts";
import { insertLog } from "../../../src/adapters/state/log.ts";
import { setLink } from "../../../src/worker/links/links.ts";
import { reportOnce, type Tries } from "../../../src/worker/links/report.ts";
import { scratchState } from "../../support/worker.ts";

/** A pull of a linked service that runs, and a forge that answers with `code`. */
function world(t: TestContext) {
  const state = scratchState(t);
  let now = 1;
  const clock = { now: () => now, sleep: () => Promise.resolve() };
  const set = {
    action: "link.set",
    service: "web",
    url: "https://git.test/ann/web",
    branch: "main",
    dockerfile: "Dockerfile",
    token: "the-token",
  } as const;
  setLink({ state, now: clock.now, random: randomBytes }, set, "root");
  const link = findLink(state, "web") ?? assert.fail("no link");
  const asked = { service: "web", request: "r", key: "root", action: "pull", content: "c" };
  const job = insertJob(state, asked, 1).id;
  beginJob(state, job, 1);
  addReport(state, { job, link: link.id, commit: "a".repeat(40) });
  const told: string[] = [];
  const forge: { code: number | undefined } = { code: 201 };
  const post = (_: unknown, [first]: readonly StatusRequest[]) => {
    told.push(first?.body ?? "");
    return Promise.resolve(forge.code);
  };
  const config = { server: "0123456789abcdef", domain: "paas.test" };
  const parts = { state, clock: clock as never, config, fetcher: { post } };
  const tries: Tries = new Map();
  const once = () => reportOnce(parts, tries, new AbortController().signal);
  return {
    state,
    told,
    forge,
    once,
    later: () => (now += 60_000),
    end: (how: JobEnd, event: Event) => {
      insertLog(state, job, [{ ...event, offset: 1, at: 2 }]);
      endJob(state, job, how, 2);
    },
    stateOf: (at: number) => (JSON.parse(told.at(at) ?? "{}") as { readonly state: string }).state,
    shown: () => findLink(state, "web")?.status,
  };
}

test("a forge hears once that a job runs, and once how it ended, in our words", async (t) => {
  const { told, once, end, stateOf, state, shown } = world(t);
  await once();
  await once();
  assert.equal(told.length, 1);
  assert.equal(stateOf(0), "pending");
  const message = "deploy web: container stopped with exit code 3";
  end("failed", { kind: "failed", message, details: ["TOKEN=of-the-program"] });
  await once();
  await once();
  assert.deepEqual(JSON.parse(told[1] ?? ""), {
    state: "failure",
    context: "mypaas/web on paas.test",
    description: message,
  });
  assert.deepEqual([told.length, openReports(state).length, shown()], [2, 0, "reported"]);
});

test("a job that ended while nobody looked, or whose worker was killed, is reported all the same", async (t) => {
  const { told, once, end, stateOf } = world(t);
  end("interrupted", {
    kind: "failed",
    message: "deploy web: the worker was stopped",
    details: [],
  });
  await once();
  assert.deepEqual([told.length, stateOf(0)], [1, "failure"]);
});

test("a forge that is away is asked again a few times, and a token without the right once", async (t) => {
  const { told, forge, once, later, end, state, shown } = world(t);
  forge.code = undefined;
  for (let count = 0; count < 8; count += 1) {
    await once();
    later();
  }
  assert.equal(told.length, 4);
  assert.equal(shown(), "not reported: the forge did not answer");
  forge.code = 403;
  end("done", { kind: "finished", action: "pull", text: "done" });
  await once();
  assert.equal(told.length, 5);
  assert.match(shown() ?? "", /the token may not set a status \(403\)$/);
  assert.deepEqual(openReports(state), []);
});

test("a link that is replaced has nothing left to report", async (t) => {
  const { told, once, state } = world(t);
  state.run("DELETE FROM links");
  await once();
  assert.deepEqual([told.length, openReports(state).length], [0, 0]);
});
