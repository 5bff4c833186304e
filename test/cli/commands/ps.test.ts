import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { knownServices } from "../../../src/adapters/laptop/known-services.ts";
import { ps, type PsArgs } from "../../../src/cli/commands/ps.ts";
import { renderPs } from "../../../src/cli/output/render-ps.ts";
import type { PsReplica, PsService, PsSnapshot } from "../../../src/core/actions/watch.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";
import { fakeWorld } from "../../support/world.ts";
import { shown } from "../../support/worker.ts";

const now = Date.UTC(2026, 10, 21);
const replica = (number: number, more: Partial<PsReplica> = {}): PsReplica => ({
  replica: number,
  release: 43,
  state: "running",
  restarts: 0,
  upMs: 7_200_000,
  cpu: 0.026,
  memoryBytes: 61_400_000,
  ...more,
});
const service = (name: string, more: Partial<PsService> = {}): PsService => ({
  service: name,
  release: 43,
  state: "live",
  routes: [`https://${name}.example.com`],
  wanted: 2,
  replicas: [replica(1), replica(2)],
  job: { job: 71, action: "push", state: "done", at: now - 300_000 },
  ...more,
});
const services: readonly PsService[] = [
  service("a-service-with-a-long-name", {
    state: "stopped",
    wanted: 0,
    replicas: [],
    routes: Array.from({ length: 9 }, (_, index) => `https://www${index}.example.com`),
    job: { job: 70, action: "stop", state: "interrupted", at: now - 600_000 },
  }),
  service("blog", {
    wanted: 1,
    replicas: [
      replica(1, { state: "crashing", restarts: 12, upMs: 900, cpu: 16.4, memoryBytes: 999_000 }),
    ],
    routes: [],
  }),
  service("new", { state: "paused by a later version", wanted: 0, replicas: [] }),
  service("web"),
];
const snapshot: PsSnapshot = { kind: "services", at: now, services };

test("all services fit 80 columns, with what is wrong in their state", () => {
  const text = renderPs(snapshot, undefined);
  assert.equal(
    text,
    `
service        release  state      replicas  cpu     memory  last deploy
a-service-wi…  43       stopped    0 of 0                    interrupted 10 min
  https://www0.example.com https://www1.example.com and 7 more
blog           43       crashing   1 of 1    1640 %  999 kB  done 5 min
new            43       paused b…  0 of 0                    done 5 min
  https://new.example.com
web            43       live       2 of 2    5 %     123 MB  done 5 min
  https://web.example.com`.trimStart(),
  );
  for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
});

test("one service is shown with its replicas, its routes and a scale that a command has set", () => {
  const text = renderPs(
    {
      ...snapshot,
      services: [
        service("web", {
          scaledByCommand: { written: "2", replicas: 4 },
          replicas: [
            replica(1, { memoryLimit: 268_435_456 }),
            replica(2, { health: "unhealthy", restarts: 1 }),
            { replica: 3, release: 42, state: "exited", restarts: 0, exitCode: 137 },
          ],
        }),
      ],
    },
    "web",
  );
  assert.equal(
    text,
    `
web: release 43 is live
https://web.example.com
scaled to 4 by command; its Dockerfile says 2
replica  release  state               up   restarts  cpu  memory
web.1    43       running             2 h            3 %  61.4 MB of 268 MB
web.2    43       running, unhealthy  2 h  1         3 %  61.4 MB
web.3    42       exited (137)
last job: 71 (push) done, 5 min ago`.trimStart(),
  );
  const none = service("web", { replicas: [], routes: [], state: "none" });
  const { job: _job, release: _release, ...bare } = none;
  assert.equal(renderPs({ ...snapshot, services: [bare] }, "web"), "web: none\nno replicas");
  assert.equal(renderPs({ ...snapshot, services: [] }, undefined), "no services yet");
});

async function look(t: TestContext, args: PsArgs, lines: readonly string[], isTTY = false) {
  const interrupted = new AbortController();
  const fake = await fakeWireServer(t, { stream: (from) => (from === "" ? lines : []) });
  const { runDir } = await fake.listenOnSocket();
  const plain = fakeWorld();
  const stdout = { ...plain.stdout, isTTY };
  const world = {
    ...plain,
    home: runDir,
    env: { MYPAAS_RUN_DIR: runDir },
    interrupted: interrupted.signal,
    stdout,
  };
  let answers = 0;
  const ran = await runCommand(world, (io) =>
    ps(args, {
      ...io,
      world,
      answer: (text) => {
        answers += 1;
        stdout.write(`${text}\n`);
        if (answers === 2) interrupted.abort();
      },
    }),
  );
  const asked = [...fake.requests.values()].map(({ action, ...more }) => [
    action,
    "service" in more && more.service,
  ]);
  return { ...ran, out: plain.out(), asked, known: await knownServices(world, undefined) };
}

const small = JSON.stringify({ ...snapshot, services: [] });

test("ps asks once and shows one look", async (t) => {
  const { code, out, asked } = await look(t, {}, ["{}", small, small]);
  assert.deepEqual([code, out, asked], [0, "no services yet\n", [["ps", false]]]);
  assert.deepEqual((await look(t, { service: "web" }, [small])).asked, [["ps", "web"]]);
  const { known } = await look(t, {}, [JSON.stringify(snapshot)]);
  assert.deepEqual(known, [...new Set(snapshot.services.map((one) => one.service))].toSorted());
});

test("ps --watch shows one look after the other until Ctrl-C, on a terminal in one place", async (t) => {
  const piped = await look(t, { watch: true }, [small, small, small]);
  assert.deepEqual([piped.code, piped.out], [130, "no services yet\n\nno services yet\n\n"]);
  const terminal = await look(t, { watch: true }, [small, small, small], true);
  const clear = "\u001b[H\u001b[2J\u001b[3J";
  assert.equal(terminal.out, `${clear}no services yet\n${clear}no services yet\n`);
});

test("a server that cannot look says why", async (t) => {
  const failed = {
    kind: "failed",
    code: "docker",
    message: "docker: not running",
    hint: "start it",
  };
  const { error } = await look(t, {}, [JSON.stringify(failed)]);
  assert.equal(shown(error), "docker: not running\nhint: start it");
});

test("each process has a line of its own, and replicas that name it", () => {
  const services = [
    service("web", {
      wanted: 5,
      processes: [
        { process: "worker", wanted: 2, scaledByCommand: { written: "1", replicas: 2 } },
        { process: "mail", wanted: 1 },
      ],
      replicas: [
        replica(1),
        replica(2),
        { ...replica(1), process: "worker" },
        { ...replica(2), process: "worker", state: "crashing" },
      ],
    }),
  ];
  const overview = renderPs({ ...snapshot, services }, undefined);
  assert.deepEqual(
    overview.split("\n").map((line) => line.replaceAll(/ {2,}/g, "|").slice(0, 40)),
    [
      "service|release|state|replicas|cpu|memor",
      "web|43|crashing|2 of 2|5 %|123 MB|done 5",
      "|https://web.example.com",
      "|.worker|crashing|2 of 2|5 %|123 MB",
      "|.mail|0 of 1",
    ],
  );
  const one = renderPs({ ...snapshot, services }, "web");
  assert.match(one, /^worker scaled to 2 by command; its Dockerfile says 1$/m);
  assert.match(one, /^web\.worker\.2 {2}43 {7}crashing/m);
});
