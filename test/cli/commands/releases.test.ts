import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { cancel } from "../../../src/cli/commands/cancel.ts";
import { releases } from "../../../src/cli/commands/releases.ts";
import { rollback } from "../../../src/cli/commands/rollback.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import type { ReleaseInfo } from "../../../src/core/actions/lifecycle.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer, type FakeServerOptions } from "../../support/fake-wire-server.ts";

const now = Date.UTC(2026, 10, 21, 12);

async function server(t: TestContext, options: FakeServerOptions) {
  const fake = await fakeWireServer(t, options);
  const { runDir } = await fake.listenOnSocket();
  const world = { env: { MYPAAS_RUN_DIR: runDir }, now: () => now };
  const asked = () => fake.asked().at(-1);
  return { world, asked };
}

const info = (service: string, release: number, more: Partial<ReleaseInfo> = {}): ReleaseInfo => ({
  service,
  release,
  state: "retired",
  created: now - release * 3_600_000,
  by: "ann",
  image: `sha256:${String(release).repeat(64)}`,
  canRollBack: true,
  ...more,
});

test("releases of one service are shown with what their switch took and which can be gone back to", async (t) => {
  const from = { kind: "git", commit: "6bc2d8c".padEnd(40, "0"), branch: "main" };
  const receipt = { ms: 1400, requests: 412, failed: 0 };
  const { world, asked } = await server(t, {
    result: {
      releases: [
        info("web", 5, {
          state: "live",
          canRollBack: false,
          repeats: 3,
          receipt,
          created: now,
          from,
        }),
        info("web", 4, { state: "failed", canRollBack: false, image: "" }),
        info("web", 3, { receipt: { ms: 980 }, by: "a very long name of a key" }),
        info("web", 2, { canRollBack: false }),
      ],
    },
  });
  const { answers, code } = await runCommand(world, (io) => releases({ service: "web" }, io));
  assert.equal(code, 0);
  assert.deepEqual(asked(), { action: "release.list", service: "web" });
  assert.equal(
    (answers[0] as { text: string }).text,
    `
release  state   age  by              from              image         switch  requests  failed
5 = 3    live    0 s  ann             git main 6bc2d8c  555555555555  1.4 s   412       0
4        failed  4 h  ann
3        kept    3 h  a very long n…                    333333333333  980 ms
2        gone    2 h  ann                               222222222222`.trimStart(),
  );
});

test("without a service the newest releases of each are shown", async (t) => {
  const web = [7, 6, 5, 4, 3, 2].map((number) => info("web", number));
  const { world, asked } = await server(t, { result: { releases: [info("blog", 1), ...web] } });
  const { answers } = await runCommand(world, (io) => releases({}, io));
  assert.deepEqual(asked(), { action: "release.list" });
  const lines = (answers[0] as { text: string }).text.split("\n");
  assert.deepEqual(
    lines.map((line) => line.split(" ")[0]),
    ["blog", "release", "1", "", "web", "release", "7", "6", "5", "4", "3"],
  );
});

test("where nothing was ever pushed, releases says so", async (t) => {
  const { world } = await server(t, { result: { releases: [] } });
  const text = async (service?: string) =>
    (await runCommand(world, (io) => releases({ service }, io))).answers.map(
      (answer) => (answer as { text: string }).text,
    );
  assert.deepEqual(await text(), ["no releases yet"]);
  assert.deepEqual(await text("web"), ["no releases of web"]);
});

const live: Event = { kind: "live", service: "web", release: 5, urls: [], ms: 900 };
const failed: Event = { kind: "failed", message: "deploy web: cancelled by ann", details: [] };

test("a rollback asks for the number given and follows its job to the end", async (t) => {
  const { world, asked } = await server(t, { job: { job: 7 }, events: [live] });
  const back = await runCommand(world, (io) => rollback({ service: "web", release: "3" }, io));
  assert.deepEqual([back.code, back.said.map(({ kind }) => kind)], [0, ["live"]]);
  assert.deepEqual(asked(), { action: "rollback", service: "web", release: 3 });
  await runCommand(world, (io) => rollback({ service: "web" }, io));
  assert.deepEqual(asked(), { action: "rollback", service: "web" });
});

test("a rollback that fails ends with 1, a word that is no number with a way out", async (t) => {
  const { world } = await server(t, { job: { job: 7 }, events: [failed] });
  assert.equal((await runCommand(world, (io) => rollback({ service: "web" }, io))).code, 1);
  const { error } = await runCommand(world, (io) =>
    rollback({ service: "web", release: "v3" }, io),
  );
  assert.deepEqual(
    [error?.message, error?.hint],
    ['rollback: should be the number of a release, got "v3"', "see the numbers: mypaas releases"],
  );
});

test("a cancel ends well when the deploy does not go live, and says when it came too late", async (t) => {
  const inTime = await server(t, { job: { job: 7, attached: true }, events: [failed] });
  const stopped = await runCommand(inTime.world, (io) => cancel({ service: "web" }, io));
  assert.deepEqual(inTime.asked(), { action: "cancel", service: "web" });
  assert.deepEqual(
    [stopped.code, stopped.said.map(({ kind }) => kind)],
    [0, ["attached", "failed"]],
  );
  const late = await server(t, { job: { job: 7, attached: true }, events: [live] });
  const { code, said } = await runCommand(late.world, (io) => cancel({ service: "web" }, io));
  assert.equal(code, 1);
  assert.deepEqual(said.at(-1), {
    kind: "warning",
    text: "too late to cancel: the new release is live",
    hint: "go back with: mypaas rollback web",
    hintParts: ["go back with: ", "mypaas rollback web"],
  });
});

test("one job is cancelled by its number, which may be one of the server", async (t) => {
  const { world, asked } = await server(t, { job: { job: 7, attached: true }, events: [failed] });
  const one = (args: Parameters<typeof cancel>[0]) => runCommand(world, (io) => cancel(args, io));
  assert.equal((await one({ job: "7" })).code, 0);
  assert.deepEqual(asked(), { action: "cancel", job: 7 });
  await one({ service: "web", job: "7" });
  assert.deepEqual(asked(), { action: "cancel", service: "web", job: 7 });
  const { error } = await one({});
  assert.deepEqual(
    [error?.code, error?.message, error?.hint],
    [
      "usage",
      "cancel: name a service or a job",
      "for example: mypaas cancel web, or: mypaas cancel --job 12",
    ],
  );
  const finished: Event = { kind: "finished", action: "tidy", text: "nothing to tidy" };
  const late = await server(t, { job: { job: 7, attached: true }, events: [finished] });
  const { code, said } = await runCommand(late.world, (io) => cancel({ job: "7" }, io));
  assert.equal(code, 1);
  assert.deepEqual(said.at(-1), { kind: "warning", text: "too late to cancel: the job is done" });
});
