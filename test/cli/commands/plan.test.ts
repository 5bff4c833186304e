import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { plan } from "../../../src/cli/commands/plan.ts";
import type { PlannedChanges } from "../../../src/core/actions/push.ts";
import { tarOf } from "../../support/tar-bytes.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";

const text = "# mypaas.servicename = web\nFROM x\n";

async function planned(
  t: TestContext,
  result: Partial<PlannedChanges>,
  { args = {}, file }: { readonly args?: object; readonly file?: Buffer } = {},
) {
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
    version: "0.2.0",
  });
  const { runDir } = await fake.listenOnSocket();
  const cwd = await mkdtemp(join(tmpdir(), "mypaas-plan-"));
  t.after(() => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, file === undefined ? "Dockerfile" : "app.tar"), file ?? text);
  const world = { cwd, env: { MYPAAS_RUN_DIR: runDir } };
  const { code, answers } = await runCommand(world, (io) => plan({ cache: true, ...args }, io));
  const request = [...fake.requests.values()].at(-1);
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

test("plan of an archive sends what a plan of its files sends", async (t) => {
  const file = await tarOf([{ name: "app/Dockerfile", data: text }]);
  const { code, request } = await planned(t, {}, { args: { path: "app.tar" }, file });
  const folder = await planned(t, {});
  assert.ok(request?.action === "plan" && folder.request?.action === "plan");
  assert.deepEqual([code, request.text, request.push], [0, text, folder.request.push]);
});

test("plan of an image sends its settings and its config", async (t) => {
  const layer = await tarOf([{ name: "a", data: "b" }]);
  const sum = createHash("sha256").update(layer).digest("hex");
  const config = JSON.stringify({
    os: "linux",
    architecture: "amd64",
    rootfs: { diff_ids: [`sha256:${sum}`] },
  });
  const parts = [{ Config: "c.json", Layers: ["l.tar"], RepoTags: [] }];
  const file = await tarOf([
    { name: "l.tar", data: layer },
    { name: "c.json", data: config },
    { name: "manifest.json", data: JSON.stringify(parts) },
  ]);
  const image = { image: "app.tar", path: "shop" };
  const answer = await planned(t, { image: "to be loaded" }, { args: image, file });
  const { code, request } = answer;
  assert.ok(request?.action === "plan");
  assert.deepEqual([code, request.service, request.config], [0, "shop", config]);
  assert.match(request.text, /^# mypaas\.servicename = shop\n/);
  assert.match(answer.text, /\nthe image is to be loaded\n/);
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
