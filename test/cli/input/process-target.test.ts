import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { findTarget } from "../../../src/cli/input/process-target.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer } from "../../support/fake-wire-server.ts";

let cwd = "";
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), "mypaas-target-"));
});
after(() => rm(cwd, { recursive: true }));

const live = (processes?: readonly string[]) => ({
  releases: [{ release: 2, state: "live", ...(processes && { processes }) }],
});
const none = { releases: [] };

/** Word and option; what the server answers in turn; what the command is about. */
const cases: readonly (readonly [
  readonly [service: string, process?: string],
  readonly object[],
  object,
])[] = [
  [["web"], [], { service: "web" }],
  [["web", "worker"], [], { service: "web", process: "worker" }],
  [["web.worker"], [none, live(["worker"])], { service: "web", process: "worker" }],
  [["web.web"], [none, live()], { service: "web", process: "web" }],
  [["a.b.worker"], [none, live(["worker"])], { service: "a.b", process: "worker" }],
  [["web.worker"], [live()], { service: "web.worker" }],
  [["web.wrker"], [none, live(["worker"])], { service: "web.wrker" }],
  [["example.com"], [none, none], { service: "example.com" }],
  [["web.2"], [], { service: "web.2" }],
];

for (const [[service, process], answers, wanted] of cases)
  test(`${service}${process === undefined ? "" : ` with --process ${process}`} is ${JSON.stringify(wanted)}`, async (t) => {
    const left = [...answers];
    const fake = await fakeWireServer(t, {
      get result() {
        return left.shift();
      },
    });
    const { runDir } = await fake.listenOnSocket();
    let found: object | undefined;
    await runCommand({ cwd, env: { MYPAAS_RUN_DIR: runDir } }, async (io) => {
      found = await findTarget({ service, process }, "logs", io);
      return 0;
    });
    assert.deepEqual(found, wanted);
    assert.equal(fake.asked().length, answers.length);
  });

test("a name that no process can have is refused before the server is asked", async () => {
  const { error } = await runCommand({ cwd, env: {} }, async (io) => {
    await findTarget({ service: "web", process: "Worker" }, "scale", io);
    return 0;
  });
  assert.deepEqual(
    [error?.message, error?.code],
    ['scale: --process should be a name such as worker, got "Worker"', "usage"],
  );
});
