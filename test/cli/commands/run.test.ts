import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { exec, type ExecArgs } from "../../../src/cli/commands/exec.ts";
import { run, type RunArgs } from "../../../src/cli/commands/run.ts";
import { runCommand } from "../../support/command.ts";
import { fakeWireServer, type FakeServerOptions } from "../../support/fake-wire-server.ts";
import { shown } from "../../support/worker.ts";

let cwd = "";
before(async () => {
  cwd = await mkdtemp(join(tmpdir(), "mypaas-run-"));
});
after(() => rm(cwd, { recursive: true }));

async function server(t: TestContext, options: FakeServerOptions = {}) {
  const fake = await fakeWireServer(t, options);
  const { runDir } = await fake.listenOnSocket();
  return { world: { cwd, env: { MYPAAS_RUN_DIR: runDir } }, asked: fake.asked };
}

const command = ["node", "nightly.js"];

test("run --detach says what it began and where it can be read", async (t) => {
  const result = { service: "web", release: 3, name: "web-run-ab12cd34" };
  const { world, asked } = await server(t, { result });
  const ran = await runCommand(world, (io) =>
    run({ service: "web", command, release: "3", detach: true }, io),
  );
  assert.deepEqual(asked(), [{ action: "run", service: "web", command, release: 3, detach: true }]);
  assert.deepEqual(
    [ran.code, ran.error, ran.answers],
    [
      0,
      undefined,
      [
        {
          text: "web-run-ab12cd34 runs in the background, from release 3 of web\nread its output on the server, until a day after its end: docker logs -f web-run-ab12cd34",
          json: result,
        },
      ],
    ],
  );
});

const runs = (args: Partial<RunArgs>, json = false) =>
  runCommand({}, (io) => run({ service: "web", command, ...args }, { ...io, json }));
const execs = (args: Partial<ExecArgs>, json = false) =>
  runCommand({}, (io) => exec({ service: "web", command, ...args }, { ...io, json }));

const refused: readonly [() => ReturnType<typeof runs>, string][] = [
  [
    () => runs({}, true),
    "run: --json would mix with the output of the program\nhint: leave out --json, or add --detach",
  ],
  [
    () => execs({}, true),
    "exec: --json would mix with the output of the program\nhint: leave out --json",
  ],
  [
    () => runs({ command: [] }),
    "run web: a command is missing\nhint: give one: mypaas run web -- CMD; or name a process: mypaas run web --process worker",
  ],
  [
    () => runs({ release: "0" }),
    'run: --release should be a whole number from 1, got "0"\nhint: see the numbers: mypaas releases',
  ],
  [
    () => execs({ replica: "two" }),
    'exec: --replica should be a whole number from 1, got "two"\nhint: see the numbers: mypaas releases',
  ],
];
for (const [call, message] of refused)
  test(`wrong usage: ${message.split("\n")[0]}`, async () => {
    const { error } = await call();
    assert.equal(error?.code, "usage");
    assert.equal(shown(error), message);
  });
