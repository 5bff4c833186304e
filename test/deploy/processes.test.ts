import assert from "node:assert/strict";
import { test } from "node:test";
import type { Release } from "../../src/core/release/release.ts";
import type { ProcessSpec, ServiceSpec } from "../../src/core/release/spec.ts";
import { fakeLives } from "../support/fake-lives.ts";
import { fakeServer } from "../support/fake-server.ts";
import { release } from "../support/releases.ts";

const worker = (replicas: number): ProcessSpec => ({
  name: "worker",
  command: "node w.js",
  replicas,
});
const web = (number: number, spec: Partial<ServiceSpec>): Release =>
  release("web", number, { routes: ["http://example.com"], spec });
const roll = { scale: { kind: "roll", replicas: 2 }, processes: [worker(2)] } as const;
const replace = { scale: { kind: "replace" }, processes: [worker(1)] } as const;

test("the processes of the new release start beside the old ones, which go after the cut-over", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1, roll));
  server.forget();
  await server.deploy(web(2, roll), from);
  assert.deepEqual(server.done, [
    "hold, serving",
    "create web-r2-1",
    "create web-r2-2",
    "create web-r2-worker-1",
    "create web-r2-worker-2",
    "start web-r2-1",
    "start web-r2-2",
    "start web-r2-worker-1",
    "start web-r2-worker-2",
    "restart web-r2-1 unless-stopped",
    "restart web-r2-2 unless-stopped",
    "restart web-r2-worker-1 unless-stopped",
    "restart web-r2-worker-2 unless-stopped",
    "cut over",
    "rename web to web-r1-1",
    "rename web-r2-1 to web",
    "stop web-r1-1",
    "stop web-r1-2",
    "stop web-r1-worker-1",
    "stop web-r1-worker-2",
    "remove web-r1-1",
    "remove web-r1-2",
    "remove web-r1-worker-1",
    "remove web-r1-worker-2",
    "settled on 2",
  ]);
  assert.deepEqual(server.unserved, []);
});

test("where the old release stops first, its processes stop first too", async () => {
  const server = fakeServer();
  const from = await server.deploy(web(1, replace));
  server.forget();
  await server.deploy(web(2, replace), from);
  assert.deepEqual(server.done.slice(0, 6), [
    "hold, wait",
    "stop web",
    "stop web-r1-worker-1",
    "create web-r2-1 as web",
    "create web-r2-worker-1",
    "start web-r2-1",
  ]);
  assert.deepEqual(server.unserved, []);
});

const dies = { processes: { worker: { ends: { afterMs: 500, exitCode: 3 }, logs: ["no queue"] } } };
for (const [title, spec, still] of [
  ["new before old", roll, ["web running", "web-r1-2 running", "web-r1-worker-1 running"]],
  ["old before new", replace, ["web running", "web-r1-worker-1 running"]],
] as const)
  test(`a worker that ends at its start fails the deploy, and the old release is as it was: ${title}`, async () => {
    const server = fakeServer({ 2: dies });
    const from = await server.deploy(web(1, spec));
    await assert.rejects(server.deploy(web(2, spec), from), {
      name: "UserError",
      message: `deploy web.worker${spec === roll ? ".1" : ""}: container stopped with exit code 3, 520 ms after start`,
      details: ["no queue"],
      still: "web still runs release 1",
    });
    for (const name of still) assert.ok(server.containers().includes(name), name);
    assert.ok(server.containers().every((name) => !name.includes("r2")));
    assert.deepEqual(server.unserved, []);
  });

test("a process of which none runs gets no container", async () => {
  const server = fakeServer();
  await server.deploy(web(1, { ...roll, processes: [worker(0)] }));
  assert.deepEqual(server.containers(), ["web running", "web-r1-2 running"]);
});

test("what the image says of its health is not asked of another process", async () => {
  const server = fakeServer({ 1: { health: "healthy" } });
  await server.deploy({ ...web(1, roll), imageHealthcheck: true });
  assert.equal(server.containers().length, 4);
});

const kinds: readonly (readonly [string, Partial<ServiceSpec>, Partial<ServiceSpec>])[] = [
  ["new before old", roll, roll],
  ["old before new", replace, replace],
  ["a release with workers gives way to one without", roll, { ...roll, processes: [] }],
  ["a release without workers gives way to one with", { ...replace, processes: [] }, replace],
];

/** The containers of a release that serves alone. */
function whole({ number, spec }: Release): readonly string[] {
  const more = spec.scale.kind === "roll" ? [`web-r${number}-2 running`] : [];
  const workers = spec.processes.flatMap(({ replicas }) =>
    Array.from({ length: replicas }, (_, at) => `web-r${number}-worker-${at + 1} running`),
  );
  return ["web running", ...more, ...workers].toSorted();
}

for (const [title, old, next] of kinds)
  test(`${title}: wherever the worker of mypaas ends, one release has all its processes and nothing else stays`, async () => {
    const ends = new Set<number>();
    for (let at = 1; ; at += 1) {
      for (const again of [Infinity, 2, 5, 9]) {
        const server = fakeLives();
        const [from, to] = [web(1, old), web(2, next)];
        await server.deploy(from, undefined);
        server.done.length = 0;
        let end = await server.deploy(to, from, at);
        const hasDied = end === "died";
        for (const changes of [again, Infinity])
          if (end === "died") end = await server.recover(to, from, changes);
        const target = server.target();
        assert.ok(target !== undefined && target !== "wait");
        ends.add(target.number);
        assert.deepEqual(
          { end, unserved: server.unserved, containers: server.containers().toSorted() },
          { end: "ended", unserved: [], containers: whole(target) },
          `after change ${at}, and ${again} later`,
        );
        if (!hasDied) {
          assert.deepEqual(ends, new Set([1, 2]));
          return;
        }
      }
      assert.ok(at < 120);
    }
  });
