import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { followEvents } from "../../../src/adapters/wire/events.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import type { FakeServerOptions } from "../../support/fake-wire-server.ts";
import { pausesMs, push, signal, tree } from "../../support/wire-client.ts";

const live: Event = { kind: "live", service: "web", release: 1, urls: [], ms: 5 };

async function follow(t: TestContext, options: FakeServerOptions, silenceMs = 30_000) {
  const source = await tree(t, {});
  const { request, send, fake } = await push(t, source, options);
  await send();
  await request.start();
  const seen: Event[] = [];
  const all = followEvents({ request, place: "prod", signal, pausesMs, silenceMs });
  for await (const { at: _at, offset: _offset, ...event } of all) seen.push(event);
  return {
    seen,
    asked: fake.log.filter((line) => line.includes("/events")).map((l) => l.slice(-6)),
  };
}

test("events are followed to the end, each once, over broken and silent lines", async (t) => {
  const step = (text: string): Event => ({ kind: "step", text });
  const events = [step("one"), step("two\u001b[2J"), step("three"), live];
  let calls = 0;
  const before: FakeServerOptions["before"] = (request, answer) => {
    if (!request.url?.includes("/events")) return false;
    calls += 1;
    const line = (offset: number) => `${JSON.stringify({ ...events[offset], offset, at: 0 })}\n`;
    if (calls === 1)
      answer.write(`\n${line(0)}\n{"kind":"new","offset":1,"at":0}\n{"kind":"st`, () =>
        request.socket.destroy(),
      );
    if (calls === 2) answer.write(line(2));
    return calls <= 2;
  };
  const { seen, asked } = await follow(t, { events, before }, 500);
  assert.deepEqual(seen, [step("one"), step("three"), live]);
  assert.deepEqual(asked, ["from=0", "from=2", "from=3"]);
});

test("after live the receipt is followed too", async (t) => {
  const receipt: Event = { kind: "receipt", service: "web", release: 1, ms: 5 };
  const late: Event = { kind: "step", text: "never" };
  const { seen, asked } = await follow(t, { events: [live, receipt, late] });
  assert.deepEqual(seen, [live, receipt]);
  assert.deepEqual(asked, ["from=0"]);
});

test("what is live stays live: a log that ends after it, or a line that does not come back, is no error", async (t) => {
  const ended = await follow(t, { events: [live] });
  assert.deepEqual([ended.seen, ended.asked], [[live], ["from=0"]]);
  let calls = 0;
  const before: FakeServerOptions["before"] = (request, answer) => {
    if (!request.url?.includes("/events")) return false;
    calls += 1;
    if (calls > 1) request.socket.destroy();
    else
      answer.write(`${JSON.stringify({ ...live, offset: 0, at: 0 })}\n`, () =>
        request.socket.destroy(),
      );
    return true;
  };
  const broken = await follow(t, { events: [], before });
  assert.deepEqual(broken.seen, [live]);
  assert.ok(calls > 1);
});

test("a line that stays broken is spoken about once, and the way back is the caller's", async (t) => {
  const source = await tree(t, {});
  const { request, send } = await push(t, source, { events: [] });
  await send();
  await request.start();
  let broken = 0;
  const onBroken = () => void (broken += 1);
  const again = "mypaas deploy";
  const all = followEvents({ request, place: "prod", signal, pausesMs, onBroken, again });
  await assert.rejects(all.next(), {
    hint: "the deploy continues on the server; follow it again with: mypaas deploy",
  });
  assert.equal(broken, 1);
});

test("a log that never comes back is given up, saying that the deploy goes on", async (t) => {
  await assert.rejects(follow(t, { events: [] }), {
    message: "prod: connection lost, reconnecting failed",
    hint: "the deploy continues on the server; follow it again with: mypaas push",
  });
});
