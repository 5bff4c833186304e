import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/core/errors.ts";
import type { Release } from "../../src/core/release/release.ts";
import type { ServiceSpec } from "../../src/core/release/spec.ts";
import { progressOf, type JournalEntry } from "../../src/deploy/progress.ts";
import type { Behaviour } from "../support/fake-engine.ts";
import { fakeServer } from "../support/fake-server.ts";
import { fakeLives } from "../support/fake-lives.ts";
import { release } from "../support/releases.ts";

const web = (number: number, spec: Partial<ServiceSpec>): Release =>
  release("web", number, { routes: ["http://example.com"], spec });
const roll = { scale: { kind: "roll", replicas: 2 } } as const;
const replace = { scale: { kind: "replace" } } as const;

const kinds: readonly (readonly [string, Partial<ServiceSpec>, Partial<ServiceSpec>])[] = [
  ["new before old", roll, roll],
  ["old before new", replace, replace],
  ["two replicas give way to one", roll, replace],
  ["one gives way to two", replace, roll],
];

/** Release 1 is live, release 2 is interrupted after so many changes, and again while it is recovered. */
async function interruptedAt(
  old: Partial<ServiceSpec>,
  next: Partial<ServiceSpec>,
  ...at: number[]
) {
  const server = fakeLives();
  const from = web(1, old);
  const to = web(2, next);
  await server.deploy(from, undefined);
  server.done.length = 0;
  const [first = Infinity, ...more] = at;
  let end = await server.deploy(to, from, first);
  const lives = [...more, Infinity];
  for (const changes of lives) if (end === "died") end = await server.recover(to, from, changes);
  return { server, died: server.done.length >= first, end };
}

function assertWhole(
  { server, end }: Awaited<ReturnType<typeof interruptedAt>>,
  specs: readonly [Partial<ServiceSpec>, Partial<ServiceSpec>],
  where: string,
): void {
  const target = server.target();
  assert.ok(target !== "wait" && target !== undefined, `${where}: somebody answers`);
  const { kind } = (target.number === 1 ? specs[0] : specs[1]).scale ?? { kind: "replace" };
  const more = kind === "roll" ? [`web-r${target.number}-2 running`] : [];
  assert.deepEqual(
    { end, unserved: server.unserved, containers: server.containers().toSorted() },
    { end: "ended", unserved: [], containers: ["web running", ...more] },
    where,
  );
}

for (const [title, old, next] of kinds) {
  test(`${title}: wherever the worker ends, the next one brings one release to serve and nothing else stays`, async () => {
    const ends = new Set<number>();
    for (let at = 1; ; at += 1) {
      const run = await interruptedAt(old, next, at);
      assertWhole(run, [old, next], `after change ${at}`);
      const target = run.server.target();
      if (target !== "wait" && target !== undefined) ends.add(target.number);
      if (!run.died) break;
      assert.ok(at < 100);
    }
    assert.deepEqual(ends, new Set([1, 2]));
  });

  test(`${title}: a worker that ends again while it recovers does no harm`, async () => {
    for (let at = 1; at < 40; at += 3)
      for (let again = 1; again < 20; again += 2) {
        const run = await interruptedAt(old, next, at, again);
        assertWhole(run, [old, next], `after change ${at}, and ${again} later`);
      }
  });
}

test("a first release that is interrupted before its cut-over leaves nothing behind", async () => {
  for (let at = 1; at < 12; at += 1) {
    const server = fakeLives();
    const first = web(1, roll);
    assert.equal(await server.deploy(first, undefined, at), "died");
    const before = server.progress();
    assert.equal(await server.recover(first, undefined), "ended");
    const isLive = before === "cutting-over" || before === "after";
    assert.deepEqual(server.containers().length, isLive ? 2 : 0, `${at}: ${before}`);
  }
});

test("a cut-over that was interrupted is done again, and goes back where the new release has fallen over", async () => {
  const from = web(1, roll);
  const to = web(2, roll);
  const cutting = async () => {
    for (let changes = 1; changes < 100; changes += 1) {
      const server = fakeLives();
      await server.deploy(from, undefined);
      await server.deploy(to, from, changes);
      if (server.progress() === "cutting-over") return server;
    }
    throw new Error("no cut-over");
  };
  const at = async (lost: boolean) => {
    const server = await cutting();
    server.events.length = 0;
    if (lost) server.lose("web-r2-1");
    assert.equal(await server.recover(to, from), "ended");
    const live = server.events.filter(({ kind }) => kind === "live").length;
    return { live, containers: server.containers() };
  };
  assert.deepEqual(await at(false), {
    live: 1,
    containers: ["web running", "web-r2-2 running"],
  });
  assert.deepEqual(await at(true), {
    live: 0,
    containers: ["web running", "web-r1-2 running"],
  });
});

for (const [title, old, next] of kinds)
  test(`${title}: after a crash, a release that cannot take over may end its requests, wherever a worker ends again`, async () => {
    const busyMs = 60_000;
    const run = async (changes: number) => {
      const behaviours: Record<number, Behaviour> = {};
      const server = fakeLives(behaviours);
      const from = web(1, old);
      const to = web(2, { ...next, startTimeoutMs: 2_000, drainTimeoutMs: 2 * busyMs });
      await server.deploy(from, undefined);
      const begun = server.clock.now();
      await server.deploy(to, from, Infinity, "intent cut-over");
      assert.equal(server.progress(), "cutting-over");
      behaviours[2] = { busyMs, listens: [] };
      let end = await server.recover(to, from, changes);
      const died = end === "died";
      if (died) end = await server.recover(to, from);
      const target = server.target();
      assert.ok(end === "ended" && target !== "wait" && target?.number === 1, `${changes}`);
      assert.ok(server.clock.now() - begun >= busyMs, `${changes}: its requests were cut off`);
      return died;
    };
    let changes = 1;
    while (await run(changes)) changes += 1;
    assert.ok(changes > 3 && changes < 60, `${changes}`);
  });

const intent = (step: string): JournalEntry => ({ step, phase: "intent", ok: false });
const outcome = (step: string, ok = true): JournalEntry => ({ step, phase: "outcome", ok });
const table: readonly (readonly [string, readonly JournalEntry[]])[] = [
  ["nothing", []],
  ["nothing", [intent("release-command")]],
  ["before", [intent("hold")]],
  ["before", [intent("hold"), outcome("hold"), intent("start")]],
  ["cutting-over", [intent("hold"), intent("cut-over")]],
  ["undoing", [intent("cut-over"), outcome("cut-over", false)]],
  ["undoing", [intent("cut-over"), outcome("cut-over", false), intent("undo")]],
  ["undoing", [intent("hold"), intent("undo"), outcome("undo", false)]],
  ["nothing", [intent("hold"), intent("undo"), outcome("undo")]],
  ["after", [intent("cut-over"), outcome("cut-over"), intent("retire")]],
  ["after", [intent("cut-over"), intent("cut-over"), outcome("cut-over")]],
];
for (const [expected, notes] of table) {
  const told = notes.map(({ step, phase, ok }) => `${phase} ${step}${ok ? " ok" : ""}`).join(", ");
  test(`a journal with ${told || "no entry"} means: ${expected}`, () => {
    assert.equal(progressOf(notes), expected);
  });
}

test("where Docker goes away in the middle of an undo, the job ends only when all is undone", async () => {
  const away = new UserError("docker: not running", { code: "docker-unreachable" });
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 } } });
  const from = await server.deploy(web(1, replace));
  server.forget();
  const begun = server.clock.now();
  let times = 0;
  server.on((what) => {
    if (what !== "remove web-r2-1" && what !== "start web") return;
    times += 1;
    throw away;
  });
  await assert.rejects(server.deploy(web(2, replace), from), { still: "web still runs release 1" });
  assert.equal(times, 2);
  assert.ok(server.clock.now() - begun > 2 * 3_000);
  assert.deepEqual(server.containers(), ["web running"]);
  assert.deepEqual(server.done.slice(-3), [
    "rename web to web.back.invalid",
    "settled on 1",
    "rename web.back.invalid to web",
  ]);
  assert.deepEqual(server.unserved, []);
});

test("where only the name of a replaced release is waited for, one that serves beside the new one keeps its own", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 } } });
  const from = await server.deploy(web(1, roll));
  server.forget();
  await assert.rejects(server.deploy(web(2, roll), from), { still: "web still runs release 1" });
  assert.deepEqual(
    server.done.filter((what) => what.startsWith("rename")),
    [],
  );
});

test("a release that comes back under the name that requests wait for is found by the others meanwhile", async () => {
  const server = fakeServer({ 2: { ends: { afterMs: 50, exitCode: 1 } } });
  const from = await server.deploy(web(1, roll));
  server.forget();
  await assert.rejects(server.deploy(web(2, replace), from), {
    still: "web still runs release 1",
  });
  const after = server.done.slice(server.done.indexOf("remove web-r2-1"));
  assert.deepEqual(after, [
    "remove web-r2-1",
    "alias web web",
    "start web",
    "start web-r1-2",
    "rename web to web.back.invalid",
    "settled on 1",
    "rename web.back.invalid to web",
  ]);
});
