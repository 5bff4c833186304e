import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { plan } from "../../../src/cli/commands/plan.ts";
import type { PlannedChanges } from "../../../src/core/actions/push.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";

const text = "# mypaas.servicename = web\nFROM x\n";

async function planned(t: TestContext, result: Partial<PlannedChanges>) {
  const fake = await fakeWireServer(t, {
    result: {
      service: "web",
      unchanged: false,
      changes: [],
      pause: { kind: "none" },
      image: "kept",
      unknown: [],
      ...result,
    },
  });
  const { runDir } = await fake.listenOnSocket();
  const cwd = await mkdtemp(join(tmpdir(), "mypaas-plan-"));
  t.after(() => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, "Dockerfile"), text);
  const world = { cwd, env: { MYPAAS_RUN_DIR: runDir } };
  const { code, answers } = await runCommand(world, (io) => plan({ cache: true }, io));
  const [request] = [...fake.requests.values()];
  return { code, request, text: (answers[0] as { text: string }).text, answers };
}

test("plan sends the manifest and the Dockerfile, and nothing else", async (t) => {
  const { code, request } = await planned(t, { live: 3, unchanged: true });
  assert.equal(code, 0);
  assert.ok(request?.action === "plan");
  assert.deepEqual(
    [request.service, request.text, request.push.dockerfile],
    ["web", text, "Dockerfile"],
  );
  assert.deepEqual(
    request.push.entries.map(({ path }) => path),
    ["Dockerfile"],
  );
});

const cases: readonly [Partial<PlannedChanges>, string][] = [
  [{ live: 3, unchanged: true }, "nothing would change: web runs release 3 with exactly this"],
  [
    {
      live: 3,
      changes: [
        { kind: "image", from: "mypaas/web:r3", to: "mypaas/web:r4" },
        { kind: "route", how: "added", route: "http://b.test" },
      ],
      pause: { kind: "wait", because: "scale = 0", drainMs: 3_000 },
      image: "to be built",
      unknown: ["port"],
    },
    `web: release 3 runs now
~ image mypaas/web:r3 → mypaas/web:r4
+ route http://b.test
the image is to be built
known only after the build: port
pause: requests wait about 3 s because scale = 0`,
  ],
  [{ live: 3 }, "web: release 3 runs now\nthe same release, in new containers\npause: none"],
  [
    { changes: [{ kind: "image", to: "mypaas/web:r1" }] },
    "web: nothing runs yet\n+ image mypaas/web:r1\npause: none",
  ],
];

for (const [result, expected] of cases)
  test(`a plan reads: ${expected.split("\n")[0]}`, async (t) => {
    assert.equal((await planned(t, result)).text, expected);
  });
