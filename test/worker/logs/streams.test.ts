import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import { createCursor } from "../../../src/core/logs/cursor.ts";
import type { LogItem } from "../../../src/core/logs/item.ts";
import { redactor } from "../../../src/core/redact.ts";
import type { Action } from "../../../src/core/actions/actions.ts";
import { hashToken } from "../../../src/core/wire/request.ts";
import { insertRequest, type StoredRequest } from "../../../src/adapters/state/requests.ts";
import { ensureService, forgetService } from "../../../src/adapters/state/services.ts";
import { createStreams, type StreamParts } from "../../../src/worker/logs/streams.ts";
import { fakeLogs } from "../../support/fake-logs.ts";
import { realClock } from "../../support/real-clock.ts";
import { refusal, scratchState } from "../../support/worker.ts";

type LogsAction = Extract<Action, { action: "logs" }>;
const noon = Date.UTC(2026, 10, 21, 12);

function world(t: TestContext) {
  const state = scratchState(t);
  ensureService(state, { name: "web", slug: "web", now: 1 });
  const fake = fakeLogs();
  const clock = { ...realClock, now: () => noon + 60_000 };
  const parts: StreamParts = {
    state,
    clock,
    random: randomBytes,
    docker: async () => ({
      logs: fake.source,
      replicas: async () => [],
    }),
    redactFor: () => redactor(["a-long-secret"]),
  };
  const all: ReturnType<typeof createStreams>[] = [];
  const start = () => {
    const streams = createStreams(parts);
    all.push(streams);
    return streams;
  };
  t.after(() => {
    for (const streams of all) streams.stop();
  });
  const accept = (action: Action): StoredRequest => {
    const head = {
      v: 1,
      server: "local",
      created: 1,
      nonce: "0".repeat(32),
      tokenHash: hashToken("t"),
    };
    const stored = {
      id: randomBytes(32).toString("hex"),
      action: action.action,
      service: "web",
      key: "root",
      accepted: noon + 60_000,
      expires: noon * 2,
      tokenHash: hashToken("t"),
      content: "c",
      job: undefined,
    };
    insertRequest(state, stored, Buffer.from(JSON.stringify({ ...head, ...action })));
    return stored;
  };
  return { fake, start, accept, remove: () => forgetService(state, "web", 0) };
}

/** Long enough for all work that is not blocked. */
async function aMoment() {
  for (let turns = 0; turns < 50; turns += 1) await turn();
}

const logs = (more: Partial<LogsAction> = {}): LogsAction => ({
  action: "logs",
  service: "web",
  follow: true,
  ...more,
});

/** A laptop that reads lines, one connection at a time. */
function reader(streams: ReturnType<typeof createStreams>, request: StoredRequest) {
  const cursor = createCursor();
  const shown: string[] = [];
  const items: LogItem[] = [];
  let line = new AbortController();
  let reading: Promise<void> = Promise.resolve();
  const connect = async (from = streams) => {
    line = new AbortController();
    const lines = await from.open(request, cursor.text(), line.signal);
    reading = (async () => {
      for await (const text of lines)
        for (const one of text.trim().split("\n")) {
          const item = JSON.parse(one) as LogItem;
          cursor.read(item);
          items.push(item);
          if (item.kind === "line") shown.push(`${item.release}.${item.replica} ${item.text}`);
        }
    })();
  };
  const until = async (isThere: () => boolean) => {
    for (let tries = 0; tries < 100_000 && !isThere(); tries += 1) await turn();
  };
  return {
    shown,
    items,
    connect,
    done: () => reading,
    cut: async () => {
      line.abort();
      await reading;
    },
    sees: async (...expected: readonly string[]) => {
      await until(() => shown.length >= expected.length);
      assert.deepEqual(shown, expected);
    },
    until,
  };
}

test("lines of all replicas come in the order of their times, limited to the newest if wanted", async (t) => {
  const { start, accept, fake } = world(t);
  const [one, two] = [fake.start(1, 1), fake.start(1, 2)];
  fake.print(one, 1, "a");
  fake.print(two, 2, "b");
  fake.print(one, 3, "c a-long-secret", "stderr");
  fake.print(two, 4, "d");
  const streams = start();
  for (const [action, expected] of [
    [logs({ follow: false }), ["1.1 a", "1.2 b", "1.1 c ***", "1.2 d"]],
    [logs({ follow: false, lines: 2 }), ["1.1 c ***", "1.2 d"]],
    [logs({ follow: false, lines: 0 }), []],
    [logs({ follow: false, replica: 2 }), ["1.2 b", "1.2 d"]],
    [logs({ follow: false, sinceMs: 60_000 - 3 }), ["1.1 c ***", "1.2 d"]],
  ] as const) {
    const laptop = reader(streams, accept(action));
    await laptop.connect();
    await laptop.done();
    assert.deepEqual(laptop.shown, expected);
    assert.deepEqual(laptop.items.at(-1), { kind: "end" });
  }
});

test("a deploy does not end the stream, and a removed container is read to its last line first", async (t) => {
  const { start, accept, fake } = world(t);
  const old = fake.start(1, 1);
  fake.print(old, 1, "before");
  const streams = start();
  const laptop = reader(streams, accept(logs({ lines: 0 })));
  await laptop.connect();
  await laptop.until(() => laptop.items.some(({ kind }) => kind === "caught-up"));
  fake.print(old, 2, "old");
  const fresh = fake.start(2, 1);
  fake.print(fresh, 3, "new");
  await laptop.sees("1.1 old", "2.1 new");
  let isDrained = false;
  const drained = streams.drained(old.padEnd(64, "0")).then(() => (isDrained = true));
  await aMoment();
  assert.equal(isDrained, false);
  fake.print(old, 4, "bye");
  fake.stop(old);
  await drained;
  fake.remove(old);
  await laptop.sees("1.1 old", "2.1 new", "1.1 bye");
  await laptop.until(() => laptop.items.at(-1)?.kind === "gone");
  assert.deepEqual(laptop.items.at(-1), { kind: "gone", container: old });
});

test("a container that Docker restarts is followed again", async (t) => {
  const { start, accept, fake } = world(t);
  const one = fake.start(1, 1);
  const laptop = reader(start(), accept(logs()));
  await laptop.connect();
  fake.print(one, 1, "a");
  await laptop.sees("1.1 a");
  fake.stop(one);
  await aMoment();
  fake.again(one);
  fake.print(one, 2, "b");
  await laptop.sees("1.1 a", "1.1 b");
});

test("the stream ends only when the service was removed", async (t) => {
  const { start, accept, fake, remove } = world(t);
  const one = fake.start(1, 1);
  const streams = start();
  const laptop = reader(streams, accept(logs()));
  await laptop.connect();
  fake.print(one, 1, "a");
  await laptop.sees("1.1 a");
  fake.stop(one);
  await streams.drained(one);
  fake.remove(one);
  await laptop.until(() => laptop.items.at(-1)?.kind === "gone");
  remove();
  fake.remove(one);
  await laptop.done();
  assert.deepEqual(laptop.items.at(-1), { kind: "end" });
});

test("a new connection continues where the last one broke, also for a container that was removed", async (t) => {
  const { start, accept, fake } = world(t);
  const one = fake.start(1, 1);
  const streams = start();
  const laptop = reader(streams, accept(logs()));
  await laptop.connect();
  fake.print(one, 1, "a");
  await laptop.sees("1.1 a");
  await laptop.cut();
  fake.print(one, 2, "b");
  fake.print(one, 2, "c");
  fake.stop(one);
  await streams.drained(one);
  fake.remove(one);
  await laptop.connect();
  await laptop.sees("1.1 a", "1.1 b", "1.1 c");
});

test("after a restart of the worker, the stream continues after the last line, also among lines of the same time", async (t) => {
  const { start, accept, fake } = world(t);
  const [one, two] = [fake.start(1, 1), fake.start(1, 2)];
  const streams = start();
  fake.print(two, 0, "trimmed");
  fake.print(one, 1, "a");
  const laptop = reader(streams, accept(logs({ lines: 1 })));
  await laptop.connect();
  await laptop.sees("1.1 a");
  fake.print(one, 2, "b");
  fake.print(one, 2, "c");
  await laptop.sees("1.1 a", "1.1 b", "1.1 c");
  await laptop.cut();
  streams.stop();
  fake.print(one, 2, "d");
  fake.print(one, 3, "e", "stderr");
  fake.print(two, 4, "f");
  await laptop.connect(start());
  await laptop.sees("1.1 a", "1.1 b", "1.1 c", "1.1 d", "1.1 e", "1.2 f");
});

test("after a crash of the worker, a container is removed only when its readers are back", async (t) => {
  const { start, accept, fake } = world(t);
  const one = fake.start(1, 1);
  const laptop = reader(start(), accept(logs()));
  await laptop.connect();
  fake.print(one, 1, "a");
  await laptop.sees("1.1 a");
  await laptop.cut();
  fake.print(one, 2, "bye");
  fake.stop(one);
  const next = start();
  let isDrained = false;
  const drained = next.drained(one).then(() => (isDrained = true));
  await aMoment();
  assert.equal(isDrained, false);
  await laptop.connect(next);
  await drained;
  fake.remove(one);
  await laptop.sees("1.1 a", "1.1 bye");
});

test("lines before the newest ones are never sent later, whichever stream they were on", async (t) => {
  const { start, accept, fake } = world(t);
  const one = fake.start(1, 1);
  fake.print(one, 100, "old", "stderr");
  fake.print(one, 200, "a");
  const laptop = reader(start(), accept(logs({ lines: 1 })));
  await laptop.connect();
  await laptop.sees("1.1 a");
  fake.print(one, 300, "b", "stderr");
  await laptop.sees("1.1 a", "1.1 b");
});

test("a request without any logs is refused with a hint", async (t) => {
  const { start, accept, fake } = world(t);
  const streams = start();
  assert.equal(
    await refusal(() => streams.check({ action: "ps", service: "blog", watch: false })),
    "service blog: not known here\nhint: see what there is: mypaas ps",
  );
  const { signal } = new AbortController();
  assert.equal(
    await refusal(() => streams.open(accept({ action: "key.list" }), "", signal)),
    "request: its answer is not a stream",
  );
  fake.start(2, 1);
  const laptop = reader(streams, accept(logs({ release: 1, replica: 3 })));
  await laptop.connect();
  await laptop.done();
  assert.deepEqual(laptop.items.at(-1), {
    kind: "failed",
    code: "no-logs",
    message:
      "logs of web release 1 replica 3: it has no container, and logs are removed with their container",
    hint: "see what runs: mypaas ps web; how its last deploy ended: mypaas logs web --job",
    hintParts: [
      "see what runs: ",
      "mypaas ps web",
      "; how its last deploy ended: ",
      "mypaas logs web --job",
    ],
  });
});

test("a server refuses more than 32 readers", async (t) => {
  const { start, accept, fake } = world(t);
  fake.start(1, 1);
  const streams = start();
  const { signal } = new AbortController();
  for (let count = 0; count < 32; count += 1) await streams.open(accept(logs()), "", signal);
  assert.equal(
    await refusal(() => streams.open(accept(logs()), "", signal)),
    "server: too many commands follow logs",
  );
});
