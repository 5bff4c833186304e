import assert from "node:assert/strict";
import { test } from "node:test";
import { parseKeyLine } from "../../../src/core/ssh/authorized-keys.ts";
import type { PsSnapshot } from "../../../src/core/actions/watch.ts";
import type { ReplicaFacts } from "../../../src/adapters/engines/docker/replicas.ts";
import { endJob, insertJob } from "../../../src/adapters/state/jobs.ts";
import { putRelease } from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import { watchServices, type PsRequest } from "../../../src/worker/status/ps.ts";
import { fakeClock } from "../../support/fake-clock.ts";
import { release } from "../../support/releases.ts";
import { softKey } from "../../support/signed.ts";
import { scratchState } from "../../support/worker.ts";

const facts = (
  service: string,
  replica: number,
  more: Partial<ReplicaFacts> = {},
): ReplicaFacts => ({
  id: `${service}${replica}`,
  service,
  process: "web",
  release: 2,
  replica,
  state: "running",
  health: undefined,
  restarts: 0,
  exitCode: 0,
  startedAt: 900_000,
  usage: async () => undefined,
  memoryLimit: undefined,
  ...more,
});

function world(t: Parameters<typeof scratchState>[0], replicas: readonly ReplicaFacts[]) {
  const state = scratchState(t);
  const clock = fakeClock();
  const about = { imageId: "i", content: "c", created: 1, key: "root", job: 1 } as const;
  for (const name of ["blog", "new", "web"]) ensureService(state, { name, slug: name, now: 1 });
  const scale = { kind: "roll", replicas: 2 } as const;
  const routes = ["https://web.example.com"];
  putRelease(state, { release: release("web", 1, { routes }), state: "retired", ...about });
  putRelease(state, {
    release: release("web", 2, { routes, spec: { scale } }),
    state: "live",
    ...about,
  });
  putRelease(state, { release: release("web", 3, { routes }), state: "failed", ...about });
  putRelease(state, { release: release("blog", 2), state: "stopped", ...about });
  const job = insertJob(
    state,
    { service: "web", request: "r", key: "root", action: "push", content: "c" },
    5,
  );
  endJob(state, job.id, "failed", 9);
  // Half a core for replica 1, nothing known of the others.
  const busy = async () => ({ cpuMs: clock.now() / 2, memoryBytes: 4096 });
  const all = replicas.map((one) => (one.replica === 1 ? { ...one, usage: busy } : one));
  return { state, clock, replicas: async () => all };
}

async function looks(
  t: Parameters<typeof scratchState>[0],
  replicas: readonly ReplicaFacts[],
  asked: PsRequest,
  count = 1,
) {
  const seen: PsSnapshot[] = [];
  const stop = new AbortController();
  for await (const snapshot of watchServices(world(t, replicas), asked, stop.signal)) {
    seen.push(snapshot);
    if (seen.length === count) stop.abort();
  }
  return seen;
}

test("a snapshot has each service with its release, replicas, load and last job", async (t) => {
  const replicas = [facts("web", 1), facts("web", 2, { state: "exited", exitCode: 3 })];
  const [snapshot] = await looks(t, replicas, { watch: false, caller: "root" });
  const common = { release: 2, restarts: 0 };
  assert.deepEqual(snapshot?.services, [
    { service: "blog", release: 2, state: "stopped", routes: [], wanted: 0, replicas: [] },
    { service: "new", state: "none", routes: [], wanted: 0, replicas: [] },
    {
      service: "web",
      release: 2,
      state: "live",
      routes: ["https://web.example.com"],
      wanted: 2,
      replicas: [
        { ...common, replica: 1, state: "running", upMs: 100_400, memoryBytes: 4096, cpu: 0.5 },
        { ...common, replica: 2, state: "exited", exitCode: 3 },
      ],
      job: { job: 1, action: "push", state: "failed", at: 9 },
    },
  ]);
});

test("a container that restarts again and again is crashing, whatever its current state", async (t) => {
  const cases: readonly [Partial<ReplicaFacts>, string][] = [
    [{ restarts: 3, state: "restarting" }, "crashing"],
    [{ restarts: 3, startedAt: 999_000 }, "crashing"],
    [{ restarts: 3 }, "running"],
    [{ startedAt: 999_000 }, "running"],
  ];
  for (const [more, state] of cases) {
    const asked = { service: "web", watch: false, caller: "root" } as const;
    const [snapshot] = await looks(t, [facts("web", 1, more)], asked);
    assert.deepEqual(
      snapshot?.services.map((one) => [one.service, one.replicas[0]?.state]),
      [["web", state]],
    );
  }
});

test("with watch, a snapshot comes every two seconds, with only the services that the key may see", async (t) => {
  const caller = parseKeyLine(`services="b*" ${softKey().line}`);
  assert.ok(typeof caller !== "string");
  const seen = await looks(t, [facts("web", 1)], { watch: true, caller }, 3);
  assert.deepEqual(
    seen.map(({ at, services }) => [at, services.map(({ service }) => service)]),
    [1_000_400, 1_002_400, 1_004_400].map((at) => [at, ["blog"]]),
  );
});
