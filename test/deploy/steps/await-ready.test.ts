import assert from "node:assert/strict";
import { test } from "node:test";
import type { Release } from "../../../src/core/release/release.ts";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import type { Replica } from "../../../src/deploy/ports.ts";
import { createWaitingNews } from "../../../src/deploy/steps/waiting-news.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import type { Behaviour } from "../../support/fake-engine.ts";
import { fakeServer } from "../../support/fake-server.ts";
import { release } from "../../support/releases.ts";

const web = (number: number, spec: Partial<ServiceSpec> = {}): Release =>
  release("web", number, { routes: ["http://example.com"], spec });
const replace = { scale: { kind: "replace" } } as const;
const healthcheck = { path: "/up", intervalMs: 1_000, timeoutMs: 1_000 };

/** Answers its health check with one status after the other, the last one for ever. */
const wavering = (...statuses: number[]): Behaviour => ({
  get status() {
    return (statuses.length > 1 ? statuses.shift() : statuses[0]) ?? 200;
  },
});

test("a release that ends 200 ms after it opened its port never gets a request", async () => {
  const ends = { afterMs: 300, exitCode: 9 };
  const server = fakeServer({ 2: { bootMs: 100, ends, logs: ["no database"] } });
  const from = await server.deploy(web(1));
  server.forget();
  await assert.rejects(server.deploy(web(2), from), {
    message: "deploy web: container stopped with exit code 9, 320 ms after start",
    details: ["no database"],
    still: "web still runs release 1",
  });
  assert.equal(server.done.includes("cut over"), false);
  assert.deepEqual(server.containers(), ["web running"]);
  assert.deepEqual(server.unserved, []);
});

test("a release that wavers is live once it has answered twice in a row, and ready is said once", async () => {
  const server = fakeServer({ 1: wavering(200, 503, 503, 200) });
  await server.deploy(web(1, { healthcheck }));
  assert.deepEqual(
    server.events.filter(({ kind }) => kind === "ready"),
    [{ kind: "ready", replica: 1, ms: 120 }],
  );
});

test("a release that wavers until its time is over does not go live", async () => {
  const turns = Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 200 : 503));
  const server = fakeServer({ 1: wavering(...turns) });
  await assert.rejects(server.deploy(web(1, { healthcheck, startTimeoutMs: 2_000 })), {
    message: /^deploy web: \/up still answers 503 after 2(\.\d)? s$/,
    still: "no release of web runs",
  });
});

for (const [what, spec, back] of [
  ["beside the old one", {}, ["remove web-r2-1", "settled on 1"]],
  [
    "in place of the old one",
    replace,
    [
      "rename web.next.invalid to web-r2-1",
      "remove web-r2-1",
      "start web",
      "rename web to web.back.invalid",
      "settled on 1",
      "rename web.back.invalid to web",
    ],
  ],
] as const)
  test(`a release that ends at the cut-over ${what} gives the requests back`, async () => {
    const behaviours: Record<number, Behaviour> = {};
    const server = fakeServer(behaviours);
    const from = await server.deploy(web(1, spec));
    server.on((did) => {
      if (did === "cut over") behaviours[2] = { ends: { afterMs: 0, exitCode: 1 } };
    });
    server.forget();
    await assert.rejects(server.deploy(web(2, spec), from), {
      message: /^deploy web: container stopped with exit code 1, \d+ ms after start$/,
      still: "web still runs release 1",
    });
    const hold = spec === replace ? "hold, wait" : "hold, serving";
    assert.deepEqual(server.done.slice(server.done.indexOf("cut over") + 1), [hold, ...back]);
    assert.deepEqual(server.containers(), ["web running"]);
    assert.equal(
      server.events.some(({ kind }) => kind === "live"),
      false,
    );
  });

const unhealthy: Behaviour = { health: "unhealthy" };

test("a release whose HEALTHCHECK has failed for good ends the wait at once", async () => {
  const server = fakeServer({ 2: unhealthy });
  const from = await server.deploy(web(1));
  const to = { ...web(2, { startTimeoutMs: 60_000 }), imageHealthcheck: true };
  await assert.rejects(server.deploy(to, from), {
    message: /^deploy web: the image's HEALTHCHECK .* after 0 ms$/,
    still: "web still runs release 1",
  });
  assert.deepEqual(server.unserved, []);
});

test("an old release that comes back may be unhealthy until the start timeout", async () => {
  const behaviours: Record<number, Behaviour> = { 2: { ends: { afterMs: 50, exitCode: 1 } } };
  const server = fakeServer(behaviours);
  const old = { ...web(1, { ...replace, startTimeoutMs: 3_000 }), imageHealthcheck: true };
  behaviours[1] = { health: "healthy" };
  const from = await server.deploy(old);
  behaviours[1] = unhealthy;
  server.on((did) => {
    if (did === "start web") setImmediate(() => (behaviours[1] = { health: "healthy" }));
  });
  await assert.rejects(server.deploy(web(2, replace), from), { still: "web still runs release 1" });
  assert.deepEqual(server.containers(), ["web running"]);
});

const waits = async (behaviour: Behaviour, spec: Partial<ServiceSpec>, isSick = false) => {
  const server = fakeServer({ 1: behaviour });
  const first = { ...web(1, { startTimeoutMs: 130_000, ...spec }), imageHealthcheck: isSick };
  await server.deploy(first).catch(() => undefined);
  const texts = server.events.flatMap((event) => (event.kind === "step" ? [event.text] : []));
  return texts.filter((text) => text.startsWith("waiting for "));
};
const scale = (replicas: number) => ({ scale: { kind: "roll", replicas } }) as const;

for (const [what, behaviour, spec, lines] of [
  ["is ready soon", { bootMs: 4_500 }, scale(2), []],
  [
    "opens no port",
    { listens: [] },
    {},
    ["5 s", "1 min 5 s", "2 min 5 s"].map((time) => `${time} so far: nothing listens on port 3000`),
  ],
  [
    "has two replicas with the same reason",
    { listens: [] },
    { ...scale(2), startTimeoutMs: 55_000 },
    ["5 s so far: nothing listens on port 3000"],
  ],
  [
    "answers an error after it has opened its port",
    { bootMs: 7_000, status: 503 },
    { healthcheck, startTimeoutMs: 55_000 },
    ["5 s so far: nothing listens on port 3000", "10 s so far: /up answers 503"],
  ],
  [
    "goes back and forth between two reasons",
    wavering(...Array.from({ length: 2_000 }, (_, at) => (at % 300 < 150 ? 502 : 503))),
    { healthcheck, startTimeoutMs: 55_000 },
    ["5 s so far: /up answers 502", "10 s so far: /up answers 503"],
  ],
] as const satisfies readonly (readonly [
  string,
  Behaviour,
  Partial<ServiceSpec>,
  readonly string[],
])[])
  test(`a release that ${what} says why it is waited for once per reason`, async () => {
    const said = await waits(behaviour, spec);
    const names = "scale" in spec ? "web.1 and web.2" : "web";
    assert.deepEqual(
      said,
      lines.map((line) => `waiting for ${names}, ${line}`),
    );
  });

test("many replicas are not all named, and a HEALTHCHECK has its own words", async () => {
  assert.deepEqual(
    await waits({ health: "starting" }, { ...scale(6), startTimeoutMs: 9_000 }, true),
    [
      "waiting for web.1, web.2, web.3 and 3 more, 5 s so far: the image's HEALTHCHECK says starting",
    ],
  );
});

test("a replica that is ready is not named any more, and other reasons get their own lines", async () => {
  const clock = fakeClock();
  const said: string[] = [];
  const say = (event: Event) => void said.push("text" in event ? event.text : event.kind);
  const news = createWaitingNews({ clock, say }, web(1, scale(3)));
  const over = new AbortController();
  const telling = news.tell(over.signal).catch(() => undefined);
  const replica = { state: "running" } as Replica;
  const one = (number: number) => ({ process: "web", replica: number });
  for (const number of [1, 2]) news.saw(one(number), { replica, answer: { kind: "refused" } });
  news.saw(one(3), { replica: { ...replica, state: "waiting" }, answer: undefined });
  await clock.sleep(5_500);
  news.saw(one(1), undefined);
  news.saw(one(3), { replica, answer: { kind: "refused" } });
  await clock.sleep(5_000);
  over.abort();
  await telling;
  assert.deepEqual(said, [
    "waiting for web.1 and web.2, 5 s so far: nothing listens on port 3000",
    "waiting for web.3, 5 s so far: its container does not run yet",
    "waiting for web.2 and web.3, 10 s so far: nothing listens on port 3000",
  ]);
});
