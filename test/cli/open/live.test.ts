import assert from "node:assert/strict";
import { test } from "node:test";
import { liveEvents, liveLines } from "../../../src/cli/open/live-lists.ts";
import { liveAnswer, waitingFor, type Batch } from "../../../src/cli/open/live.ts";
import type { JobLog } from "../../../src/cli/open/job-logs.ts";
import type { LogNews } from "../../../src/cli/connect/log-lines.ts";
import type { Look } from "../../../src/page/look.ts";

const look: Look = { server: "prod", base: "/s/", now: 0, zone: "UTC", command: () => "" };

test("of a flood the newest items wait for a slow reader, in their order", async () => {
  const waiting = waitingFor<number>(100, 0);
  for (let count = 1; count <= 1234; count += 1) waiting.push(count);
  const taken = await waiting.take();
  assert.deepEqual([taken?.length, taken?.[0], taken?.at(-1)], [100, 1135, 1234]);
  const next = waiting.take();
  waiting.push(7);
  assert.deepEqual(await next, [7]);
  waiting.close();
  assert.equal(await waiting.take(), undefined);
});

test("batches become events whose data has no line of its own", async () => {
  async function* batches(): AsyncGenerator<Batch> {
    yield { event: "all", entries: "<li>\n  a</li>" };
    yield { event: "end", entries: "" };
  }
  let ended = 0;
  const answer = liveAnswer(batches(), () => (ended += 1));
  assert.equal(
    await answer.text(),
    "event: all\ndata: <li>\ndata:   a</li>\n\nevent: end\ndata: \n\n",
  );
  assert.equal(ended, 1);
});

test("the past of a log comes in one piece, then what is new", async () => {
  const line = (nth: number) =>
    ({
      kind: "line",
      container: "0123456789ab",
      stream: "stdout",
      release: 1,
      replica: 1,
      at: "2026-11-28T11:59:00.000000000Z",
      nth,
      text: `line ${nth}`,
    }) as const;
  const more = Promise.withResolvers<void>();
  async function* news(): AsyncGenerator<LogNews> {
    yield line(1);
    yield line(2);
    yield "caught-up";
    await more.promise;
    yield line(3);
  }
  const batches = liveLines(news(), "web", () => look);
  const first = await batches.next();
  assert.equal(first.value?.event, "all");
  assert.match(first.value?.entries ?? "", /line 1[^]*line 2/);
  more.resolve();
  const second = await batches.next();
  assert.equal(second.value?.event, "more");
  assert.match(second.value?.entries ?? "", /line 3/);
  assert.equal((await batches.next()).done, true);
});

test("the events of a job end with its log", async () => {
  const at = { at: 0 };
  const log: JobLog = {
    events: [
      { kind: "step", text: "building", offset: 0, ...at },
      { kind: "failed", message: "no", details: [], offset: 1, ...at },
    ],
    isOpen: false,
    changed: async () => undefined,
  };
  const kinds = [];
  for await (const { event } of liveEvents(log, () => look)) kinds.push(event);
  assert.deepEqual(kinds, ["all", "end"]);
});
