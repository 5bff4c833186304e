import assert from "node:assert/strict";
import { test } from "node:test";
import { waitingDials } from "../../src/core/routing/metrics.ts";
import { UserError } from "../../src/core/errors.ts";
import type { Release } from "../../src/core/release/release.ts";
import type { ServiceSpec } from "../../src/core/release/spec.ts";
import type { Behaviour } from "../support/fake-engine.ts";
import { fakeServer } from "../support/fake-server.ts";
import { release } from "../support/releases.ts";

const web = (number: number, spec: Partial<ServiceSpec> = {}): Release =>
  release("web", number, {
    routes: ["http://example.com"],
    spec: { scale: { kind: "roll", replicas: 2 }, ...spec },
  });
const replace = { scale: { kind: "replace" } } as const;

test("the new release starts beside the old one, which goes when nothing is under way any more", async () => {
  const server = fakeServer({ 1: { busyMs: 5_000 } });
  const from = await server.deploy(web(1));
  server.forget();
  assert.equal((await server.deploy(web(2), from)).number, 2);
  assert.deepEqual(server.done, [
    "hold, serving",
    "create web-r2-1",
    "create web-r2-2",
    "start web-r2-1",
    "start web-r2-2",
    "restart web-r2-1 unless-stopped",
    "restart web-r2-2 unless-stopped",
    "cut over",
    "rename web to web-r1-1",
    "rename web-r2-1 to web",
    "stop web-r1-1",
    "stop web-r1-2",
    "remove web-r1-1",
    "remove web-r1-2",
    "settled on 2",
  ]);
  assert.deepEqual(server.containers(), ["web running", "web-r2-2 running"]);
  assert.deepEqual(server.unserved, []);
});

test("every step is written down before and after it is done", async () => {
  const server = fakeServer();
  await server.deploy(web(2, replace), await server.deploy(web(1, replace)));
  const steps = (...names: string[]) => names.flatMap((name) => [`> ${name}`, `< ${name}`]);
  assert.deepEqual(server.journal, [
    ...steps("hold", "start", "ready", "cut-over", "retire", "take-names"),
    ...steps("hold", "drain", "stop-old", "start", "ready", "cut-over", "retire", "take-names"),
  ]);
});

test("where only one may run, requests wait while the old release stops and the new one starts", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1, replace));
  server.forget();
  await server.deploy(web(2, replace), from);
  assert.deepEqual(server.done, [
    "hold, wait",
    "stop web",
    "create web-r2-1 as web",
    "start web-r2-1",
    "rename web-r2-1 to web.next.invalid",
    "restart web.next.invalid unless-stopped",
    "cut over",
    "remove web",
    "settled on 2",
    "rename web.next.invalid to web",
  ]);
  assert.deepEqual(server.unserved, []);
});

test("an unhealthy release leaves the old one running", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 }, logs: ["no database"] } });
  const from = await server.deploy(web(1));
  server.forget();
  await assert.rejects(server.deploy(web(2), from), {
    name: "UserError",
    message: "deploy web.1: container stopped with exit code 1, 80 ms after start",
    details: ["no database"],
    still: "web still runs release 1",
  });
  assert.deepEqual(server.done.slice(-3), ["remove web-r2-1", "remove web-r2-2", "settled on 1"]);
  assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
  assert.deepEqual(server.unserved, []);
});

test("a release that cannot replace the only container gives the waiting requests back", async () => {
  const server = fakeServer({ 2: { listens: [], bootMs: 1 } });
  const from = await server.deploy(web(1, replace));
  server.forget();
  await assert.rejects(server.deploy(web(2, { ...replace, startTimeoutMs: 2_000 }), from), {
    message: "deploy web: nothing listens on port 3000 after 2 s",
    still: "web still runs release 1",
  });
  assert.deepEqual(server.done, [
    "hold, wait",
    "stop web",
    "create web-r2-1 as web",
    "start web-r2-1",
    "remove web-r2-1",
    "start web",
    "rename web to web.back.invalid",
    "settled on 1",
    "rename web.back.invalid to web",
  ]);
  assert.deepEqual(server.containers(), ["web running"]);
  assert.deepEqual(server.unserved, []);
});

test("an old release that does not come back is not said to run", async () => {
  const behaviours: Record<number, object> = { 2: { ends: { afterMs: 0, exitCode: 1 } } };
  const server = fakeServer(behaviours);
  const from = await server.deploy(web(1, replace));
  behaviours[1] = { ends: { afterMs: 0, exitCode: 7 } };
  await assert.rejects(server.deploy(web(2, replace), from), { still: "no release of web runs" });
  assert.deepEqual(
    server.events.filter(({ kind }) => kind === "warning"),
    [
      {
        kind: "warning",
        text: "web release 1 does not run again: deploy web: container stopped with exit code 7, 0 ms after start",
        hint: "push web again",
      },
    ],
  );
});

test("a deploy that is cancelled before the cut-over changes nothing", async (t) => {
  for (const at of ["hold, serving", "create web-r2-1", "start web-r2-2"]) {
    await t.test(`after "${at}"`, async () => {
      const server = fakeServer({ 2: { bootMs: 10_000 } });
      const from = await server.deploy(web(1));
      const cancel = new AbortController();
      server.on((what) => what === at && cancel.abort());
      await assert.rejects(server.deploy(web(2), from, cancel.signal), {
        message: "deploy web: cancelled",
        code: "cancelled",
        still: "web still runs release 1",
      });
      assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
      assert.equal(server.done.at(-1), "settled on 1");
      assert.deepEqual(server.unserved, []);
    });
  }
});

test("a deploy that is superseded says by what", async () => {
  const server = fakeServer();
  const cancel = new AbortController();
  cancel.abort(new UserError("push of web: superseded by job 9", { code: "superseded" }));
  await assert.rejects(server.deploy(web(1), undefined, cancel.signal), {
    message: "push of web: superseded by job 9",
    code: "superseded",
    still: "no release of web runs",
  });
});

test("a Traefik that does not take over the cut-over keeps the old release", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1));
  server.refuse(({ kind }) => kind === "cut-over");
  await assert.rejects(server.deploy(web(2), from), {
    message: "traefik: did not load the routing within 15 s",
    still: "web still runs release 1",
  });
  assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
  assert.deepEqual(server.unserved, []);
});

test("a route that the old release still answers after the cut-over keeps the old release", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1));
  server.refuse(({ kind }) => kind === "cut-over" && "unseen");
  await assert.rejects(server.deploy(web(2), from), {
    message: "deploy web: http://example.com is still answered by web/1",
    hint: "push again: mypaas push",
    still: "web still runs release 1",
  });
  assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
  assert.deepEqual(server.unserved, []);
});

test("a worker process is ready when it still runs after two seconds", async () => {
  const server = fakeServer();
  const job = { ...release("mail", 1), port: undefined };
  await server.deploy(job);
  assert.deepEqual(server.done, [
    "create mail-r1-1",
    "start mail-r1-1",
    "restart mail-r1-1 unless-stopped",
    "rename mail-r1-1 to mail",
  ]);
  const ready = server.events.find(({ kind }) => kind === "ready");
  assert.deepEqual(ready, { kind: "ready", replica: 1, ms: 2_000 });
});

test("live is said with the addresses before the old release is drained", async () => {
  const server = fakeServer({ 1: { busyMs: 60_000 } });
  const from = await server.deploy(web(1));
  server.forget();
  await server.deploy(web(2, { drainTimeoutMs: 4_000 }), from);
  assert.deepEqual(
    server.events.filter(({ kind }) => kind !== "ready"),
    [
      { kind: "step", text: "starting 2 containers of web release 2" },
      { kind: "live", service: "web", release: 2, urls: ["http://example.com"], ms: 370 },
      { kind: "step", text: "waiting for 2 connections to web release 1 to end" },
      {
        kind: "warning",
        text: "2 connections to web release 1 did not end in time",
        hint: "set # mypaas.drain-timeout to give them longer",
      },
      { kind: "receipt", service: "web", release: 2, ms: 370 },
    ],
  );
});

test("a container name that another has taken is refused before anything is done", async () => {
  const server = fakeServer();
  await server.deploy(release("web", 1));
  const other = release("other", 1);
  const twin = { ...other, spec: { ...other.spec, slug: "web" } };
  await assert.rejects(server.deploy(twin), {
    message: 'container name "web": taken by "web"',
    still: "no release of other runs",
  });
});

test("an image that brings its own routes is refused before anything is done", async () => {
  const server = fakeServer({}, ["traefik.http.routers.x.rule"]);
  await assert.rejects(server.deploy(web(1)), {
    message: "deploy web: its image has the label traefik.http.routers.x.rule",
    hint: "remove LABEL traefik.… from the Dockerfile, say it with: # mypaas.domain",
    still: "no release of web runs",
  });
  assert.deepEqual(server.done, []);
});

test("a deploy that is cancelled while the old release drains gives the waiting requests back to it", async () => {
  const server = fakeServer({ 1: { busyMs: 60_000 } });
  const from = await server.deploy(web(1, replace));
  server.forget();
  const cancel = new AbortController();
  server.on((what) => what === "hold, wait" && cancel.abort());
  await assert.rejects(server.deploy(web(2, replace), from, cancel.signal), {
    code: "cancelled",
    still: "web still runs release 1",
  });
  assert.deepEqual(server.done, [
    "hold, wait",
    "rename web to web.back.invalid",
    "settled on 1",
    "rename web.back.invalid to web",
  ]);
  assert.deepEqual(server.unserved, []);
});

test("what cannot be undone does not keep the rest from being undone", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 } } });
  const from = await server.deploy(web(1, replace));
  server.on((what) => {
    if (what === "remove web-r2-1") throw new Error("device or resource busy");
  });
  await assert.rejects(server.deploy(web(2, replace), from), { still: "web still runs release 1" });
  assert.deepEqual(server.containers(), ["web running"]);
  assert.equal(server.done.at(-2), "settled on 1");
  assert.deepEqual(
    server.events.filter(({ kind }) => kind === "warning"),
    [{ kind: "warning", text: "while undoing: device or resource busy" }],
  );
  assert.deepEqual(server.unserved, []);
});

test("a new container that nobody can stop is kept away from requests by the hold", async () => {
  const server = fakeServer({ 2: { bootMs: 10_000 } });
  const from = await server.deploy(web(1));
  server.forget();
  server.keep("web-r2-1");
  const started = web(2, { startTimeoutMs: 1_000 });
  await assert.rejects(server.deploy(started, from), { still: "web still runs release 1" });
  assert.ok(!server.done.includes("settled on 1"));
  assert.deepEqual(server.unserved, []);
});

test("a cut-over that cannot be written down is taken back behind the hold", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1));
  server.forget();
  server.refuseToNote("< cut-over");
  await assert.rejects(server.deploy(web(2), from), { message: "disk full" });
  const after = server.done.slice(server.done.indexOf("cut over"));
  assert.deepEqual(after, [
    "cut over",
    "hold, serving",
    "remove web-r2-1",
    "remove web-r2-2",
    "settled on 1",
  ]);
  assert.deepEqual(server.unserved, []);
});

const goesBack = async (own: Partial<ServiceSpec>, behaviour: Behaviour, routes?: string[]) => {
  const server = fakeServer({ 2: behaviour });
  const spec = { scale: { kind: "roll", replicas: 1 }, drainTimeoutMs: 20_000, ...own } as const;
  const from = await server.deploy(release("web", 1, { routes: ["http://example.com"], spec }));
  server.forget();
  server.refuse(({ kind }) => kind === "cut-over");
  const to = release("web", 2, { routes: ["http://example.com", ...(routes ?? [])], spec });
  await assert.rejects(server.deploy(to, from), { still: "web still runs release 1" });
  const after = server.done.slice(server.done.indexOf("cut over") + 1);
  const ends = server.notedAt.get("< undo") ?? 0;
  return { server, after, takenMs: ends - (server.notedAt.get("x cut-over") ?? 0) };
};

test("requests that a release got before its cut-over went back may end before it is removed", async () => {
  const { server, after, takenMs } = await goesBack({}, { busyMs: 15_000 });
  assert.deepEqual(after, ["hold, serving", "remove web-r2-1", "settled on 1"]);
  assert.ok(takenMs > 14_000 && takenMs < 16_000, `${takenMs}`);
  assert.deepEqual(server.unserved, []);
});

test("requests without an end are waited for no longer than the drain timeout, which is said", async () => {
  const { server, takenMs } = await goesBack({ drainTimeoutMs: 5_000 }, { busyMs: 1e9 });
  assert.ok(takenMs >= 5_000 && takenMs < 5_500, `${takenMs}`);
  assert.deepEqual(
    server.events.flatMap((event) => ("text" in event ? [event.text] : [])).slice(-2),
    [
      "waiting for 1 connection to web release 2 to end",
      "1 connection to web release 2 did not end in time",
    ],
  );
});

test("a release that goes back loses the name that waiting requests dial before it is drained", async () => {
  const { server, after } = await goesBack(replace, { busyMs: 15_000 });
  assert.deepEqual(after, [
    "hold, wait",
    "rename web.next.invalid to web-r2-1",
    "remove web-r2-1",
    "start web",
    "rename web to web.back.invalid",
    "settled on 1",
    "rename web.back.invalid to web",
  ]);
  assert.deepEqual(server.unserved, []);
  const added = await goesBack({}, {}, ["http://new.example.com"]);
  assert.deepEqual(added.after, [
    "hold, serving",
    "rename web.next.invalid to web-r2-1",
    "remove web-r2-1",
    "settled on 1",
  ]);
});

test("a first release that goes back may end its requests too", async () => {
  const server = fakeServer({ 1: { busyMs: 2_000 } });
  server.refuse(({ kind }) => kind === "cut-over");
  await assert.rejects(server.deploy(web(1)), { still: "no release of web runs" });
  assert.deepEqual(server.done.slice(server.done.indexOf("cut over") + 1), [
    "hold, wait",
    "rename web.next.invalid to web",
    "remove web",
    "remove web-r1-2",
    "settled on nothing",
  ]);
});

for (const [what, behaviour, isAwaited] of [
  ["that runs", { bootMs: 60_000 }, true],
  ["that has ended", { ends: { afterMs: 50, exitCode: 1 } }, false],
  ["that Traefik passes over", { health: "starting" }, false],
] as const)
  test(`a failed release ${what} is removed ${isAwaited ? "only once Traefik knows it" : "at once"}`, async () => {
    const server = fakeServer({ 2: behaviour });
    const from = await server.deploy(web(1));
    const to = { ...web(2, { startTimeoutMs: 500 }), imageHealthcheck: "health" in behaviour };
    const seen: string[] = [];
    server.onConfirm(({ routers }) => {
      if (routers.some((name) => /-r2.*@docker$/.test(name)))
        seen.push(server.containers().at(-1) ?? "");
    });
    await assert.rejects(server.deploy(to, from), { still: "web still runs release 1" });
    assert.deepEqual(seen, isAwaited ? ["web-r2-2 running"] : []);
    assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
  });

test("where the way back ends half-way, nobody claims to know what runs", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 } } });
  const from = await server.deploy(web(1, replace));
  server.refuseToNote("> undo");
  await assert.rejects(server.deploy(web(2, replace), from), {
    still: "it could not be seen what of web still runs",
  });
});

test("an old release whose containers are gone is not said to run", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 } } });
  const gone = web(1);
  await assert.rejects(server.deploy(web(2), gone), { still: "no release of web runs" });
  assert.deepEqual(server.events.at(-1), {
    kind: "warning",
    text: "web release 1 does not run again: its containers are gone",
    hint: "push web again",
  });
});

test("a replica that somebody removes before the cut-over ends the deploy", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1));
  server.on((what) => what === "start web-r2-2" && server.lose("web-r2-1"));
  await assert.rejects(server.deploy(web(2), from), {
    message: "deploy web: 1 of 2 containers of release 2 are there",
    hint: "push again: mypaas push",
    still: "web still runs release 1",
  });
  assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
});

test("a first release is done when it is live, and its name follows once nobody waits for it any more", async () => {
  const server = fakeServer();
  const first = server.deployOnly(web(1));
  await first;
  assert.deepEqual(server.containers(), ["web.next.invalid running", "web-r1-2 running"]);
  assert.equal(server.nameHandovers.isSettled("web"), false);
  await server.nameHandovers.settled("web");
  assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
});

test("the next release is live while the name of the first is still lent, which goes only afterwards", async () => {
  const server = fakeServer();
  const from = await server.deployOnly(web(1));
  server.forget();
  await server.deployOnly(web(2), from);
  const at = (what: string) => server.done.indexOf(what);
  assert.ok(at("cut over") >= 0 && at("cut over") < at("rename web.next.invalid to web"));
  assert.ok(at("rename web.next.invalid to web") < at("stop web-r1-1"));
  assert.ok(
    server.events.some(
      ({ kind, ...event }) =>
        kind === "step" &&
        "text" in event &&
        event.text.startsWith("web answers the requests that waited"),
    ),
  );
  assert.deepEqual(server.containers(), ["web running", "web-r2-2 running"]);
});

test("where only one may run, the old release keeps the name that requests look for until they had time to come", async () => {
  const server = fakeServer();
  const from = await server.deployOnly(web(1, replace));
  server.forget();
  await server.deploy(web(2, replace), from);
  assert.ok(
    server.done.indexOf("rename web.next.invalid to web") < server.done.indexOf("stop web"),
  );
  assert.deepEqual(server.containers(), ["web running"]);
  assert.deepEqual(server.unserved, []);
});

test("a release that answers 500 and has no health check is not called live at its address", async () => {
  const server = fakeServer();
  server.answerWith(500);
  await server.deploy(web(1));
  assert.deepEqual(
    server.events.filter(({ kind }) => kind === "warning" || kind === "live"),
    [
      {
        kind: "warning",
        text: "http://example.com answers 500",
        hint: "set # mypaas.healthcheck, so that a release that answers so does not take over",
      },
      {
        kind: "live",
        service: "web",
        release: 1,
        urls: ["http://example.com"],
        unproven: ["http://example.com"],
        ms: 370,
      },
    ],
  );
});

for (const [what, spec, status] of [
  [
    "that passed its health check",
    { healthcheck: { path: "/up", intervalMs: 1_000, timeoutMs: 1_000 } },
    500,
  ],
  ["that asks for a login", {}, 401],
] as const)
  test(`a release ${what} is live at its address whatever that answers`, async () => {
    const server = fakeServer();
    server.answerWith(status);
    await server.deploy(web(1, spec));
    assert.deepEqual(
      server.events.filter((event) => event.kind === "warning" || "unproven" in event),
      [],
    );
  });

test("what is said of a service without routes speaks of no requests", async () => {
  const server = fakeServer();
  const db = (number: number) => release("db", number, { spec: replace });
  const from = await server.deploy(db(1));
  await server.deploy(db(2), from);
  const texts = server.events.flatMap((event) => (event.kind === "step" ? [event.text] : []));
  assert.deepEqual(texts, [
    "starting db release 1",
    "stopping db release 1 before release 2 starts",
    "starting db release 2",
  ]);
});

for (const [readOnly, done] of [
  [false, ["stop db-r2-1", "remove db-r2-1"]],
  [true, ["remove db-r2-1"]],
] as const)
  test(`a failed release ${readOnly ? "without" : "with"} data of its own ${readOnly ? "is killed" : "may end as it wants"}`, async () => {
    const server = fakeServer({ 2: { listens: [] } });
    const mounts = [{ type: "volume", source: "data", target: "/data", readOnly }] as const;
    const db = (number: number) => release("db", number, { spec: replace, mounts });
    const from = await server.deploy(db(1));
    server.forget();
    await assert.rejects(server.deploy(db(2), from), { still: "db still runs release 1" });
    const ends = server.done.filter((what) => /^(stop|remove) db-r2/.test(what));
    assert.deepEqual(ends, done);
  });

const first = "fatal: can only run as pid 1";

test("a program that has to be process 1 is started again as that", async () => {
  const behaviours: Record<number, Behaviour> = {
    2: { ends: { afterMs: 50, exitCode: 100 }, logs: [first] },
  };
  const server = fakeServer(behaviours);
  const from = await server.deploy(web(1, replace));
  server.forget();
  server.on((what) => {
    if (what === "remove web-r2-1") behaviours[2] = {};
  });
  await server.deploy(web(2, replace), from);
  assert.deepEqual(server.done.slice(2, 8), [
    "create web-r2-1 as web",
    "start web-r2-1",
    "remove web-r2-1",
    "create web-r2-1 as web",
    "start web-r2-1",
    "rename web-r2-1 to web.next.invalid",
  ]);
  assert.deepEqual(
    server.events.filter(({ kind }) => kind === "warning"),
    [
      {
        kind: "warning",
        text: "web release 2 has to be process 1 of its container, so it starts again as that",
        hint: "set # mypaas.init = false, so that it starts at once",
      },
    ],
  );
  assert.deepEqual(server.unserved, []);
});

for (const [what, init, logs] of [
  ["that is process 1 already", false, [first]],
  ["that ends for another reason", true, ["cannot find the database"]],
] as const)
  test(`a program ${what} has no second try`, async () => {
    const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 100 }, logs } });
    const from = await server.deploy(web(1, { ...replace, init }));
    server.forget();
    await assert.rejects(server.deploy(web(2, { ...replace, init }), from), {
      message: /^deploy web: container stopped with exit code 100/,
      still: "web still runs release 1",
    });
    assert.equal(server.done.filter((did) => did === "start web-r2-1").length, 1);
  });

test("a program that does not run as process 1 either gives way to the old release", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 100 }, logs: [first] } });
  const from = await server.deploy(web(1, replace));
  server.forget();
  await assert.rejects(server.deploy(web(2, replace), from), (error: UserError) => {
    assert.match(error.message, /^deploy web: container stopped with exit code 100/);
    assert.equal(error.hint, undefined);
    return true;
  });
  assert.equal(server.done.filter((did) => did === "start web-r2-1").length, 2);
  assert.deepEqual(server.containers(), ["web running"]);
  assert.deepEqual(server.unserved, []);
});

const replaced = async (server: ReturnType<typeof fakeServer>) => {
  const from = await server.deployOnly(web(1, replace));
  const at = server.clock.now();
  await server.nameHandovers.settled("web");
  return { from, ms: server.clock.now() - at };
};
const dialled = (requests: number) => new Map([[waitingDials, { requests, failed: requests }]]);

test("a name that was lent is given back once Traefik dials for nobody any more", async () => {
  for (const [what, count, atLeast, atMost] of [
    ["nobody waits", () => dialled(7), 0, 2_000],
    ["some dial until 4 s later", (ms: number) => dialled(Math.min(ms, 4_000)), 4_000, 6_250],
    ["some dial for ever", (ms: number) => dialled(ms), 8_000, 10_250],
    ["Traefik does not tell", () => undefined, 8_000, 10_000],
  ] as const) {
    const server = fakeServer();
    let live = 0;
    server.on((did) => did === "cut over" && (live = server.clock.now()));
    server.count(() => count(server.clock.now() - live));
    const { ms } = await replaced(server);
    assert.ok(ms >= atLeast && ms <= atMost, `${what}: ${ms}`);
    assert.deepEqual(server.containers(), ["web running"]);
  }
});

test("a second change right after the first waits for nobody, where nobody waits", async () => {
  const server = fakeServer();
  server.count(() => dialled(0));
  const from = await server.deployOnly(web(1, replace));
  await server.clock.sleep(1_500);
  server.forget();
  const begun = server.clock.now();
  await server.deployOnly(web(2, replace), from);
  const live = server.events.find((event) => event.kind === "live");
  assert.ok(live?.kind === "live" && live.ms < 2_000);
  assert.deepEqual(server.unserved, []);
  // The time said is the time by the clock, the wait included.
  const cut = server.notedAt.get("< cut-over") ?? 0;
  assert.ok(cut - begun - live.ms <= 250, `${cut - begun} and ${live.ms}`);
});

test("a change that has to wait for the change before says so, and counts the wait", async () => {
  const server = fakeServer();
  const from = await server.deployOnly(web(1, replace));
  server.forget();
  await server.deployOnly(web(2, replace), from);
  const live = server.events.find((event) => event.kind === "live");
  assert.ok(live?.kind === "live" && live.ms > 8_000);
  assert.deepEqual(server.events[0], {
    kind: "step",
    text: "web answers the requests that waited, up to 10 s, then switches",
  });
});
