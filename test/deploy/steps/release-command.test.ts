import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import type { Release } from "../../../src/core/release/release.ts";
import type { Behaviour } from "../../support/fake-engine.ts";
import { fakeServer } from "../../support/fake-server.ts";
import { release } from "../../support/releases.ts";

const web = (number: number): Release =>
  release("web", number, {
    routes: ["http://example.com"],
    spec: { release: "npm run migrate", scale: { kind: "roll", replicas: 1 } },
  });

async function second(command: Behaviour["command"], signal?: AbortSignal) {
  const server = fakeServer({ 2: command === undefined ? {} : { command } });
  const from = await server.deploy(web(1));
  server.forget();
  const deployed = await server.deploy(web(2), from, signal).catch((error: unknown) => error);
  return { server, deployed };
}

test("the release command runs to its end in the new image before anything of the switch begins", async () => {
  const { server } = await second({ lines: ["1 table changed"], ms: 65_000 });
  assert.deepEqual(server.done.slice(0, 5), [
    "create web-r2-release",
    "run web-r2-release: npm run migrate",
    "remove web-r2-release",
    "hold, serving",
    "create web-r2-1",
  ]);
  assert.deepEqual(server.journal.slice(0, 3), [
    "> release-command",
    "< release-command",
    "> hold",
  ]);
  assert.deepEqual(
    server.events.slice(0, 5).map((event) => "text" in event && `${event.kind} ${event.text}`),
    [
      "step running npm run migrate",
      "output 1 table changed",
      "step npm run migrate runs for 30 s so far",
      "step npm run migrate runs for 1 min so far",
      "step npm run migrate succeeded after 1 min 5 s",
    ],
  );
});

test("a release command that fails leaves everything as it was and shows its last lines", async () => {
  const lines = Array.from({ length: 25 }, (_, index) => `line ${index + 1}`);
  const { server, deployed } = await second({ lines, ms: 1200, exitCode: 3 });
  assert.ok(deployed instanceof UserError);
  const { message, hint, details, still, code } = deployed;
  assert.deepEqual(
    { message, hint, still, code },
    {
      message: "deploy web: release command ended with exit code 3 after 1.2 s: npm run migrate",
      hint: "run it in the image by hand, or change # mypaas.release",
      still: "web still runs release 1",
      code: "release-command",
    },
  );
  assert.deepEqual([details.length, details[0], details.at(-1)], [20, "line 6", "line 25"]);
  assert.deepEqual(server.done.slice(-1), ["remove web-r2-release"]);
  assert.deepEqual(server.containers(), ["web running"]);
});

test("a release command is stopped when its deploy is cancelled", async () => {
  const reason = new UserError("deploy web: cancelled by ann", { code: "cancelled" });
  const { server, deployed } = await second({ ms: 60_000 }, AbortSignal.abort(reason));
  assert.ok(deployed instanceof UserError);
  assert.deepEqual(
    [deployed.message, deployed.still, deployed.code],
    ["deploy web: cancelled by ann", "web still runs release 1", "cancelled"],
  );
  assert.deepEqual(server.containers(), ["web running"]);
});

test("a release command that has to be process 1 is told of the key", async () => {
  const lines = ["fatal: can only run as pid 1"];
  const { deployed } = await second({ lines, exitCode: 100 });
  assert.ok(deployed instanceof UserError);
  assert.equal(
    deployed.hint,
    "set # mypaas.init = false: then the image's own program is process 1",
  );
});
