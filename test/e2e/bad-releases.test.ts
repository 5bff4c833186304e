import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { failureOf } from "../support/said-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;
const keys = ["scale = 2", "start-timeout = 2s", "healthcheck = /health"];

before(async () => {
  server = await startServer("t-e2ea-bad");
  web = await makeSource(server, "web", { keys });
  await server.mustPush(web);
});
after(() => server?.remove());

interface BadRelease {
  readonly file: readonly [string, string];
  readonly message: RegExp;
  readonly hint: string | undefined;
  readonly details: readonly string[];
}

const badReleases: Readonly<Record<string, BadRelease>> = {
  "that crashes at once": {
    file: ["server.js", 'console.error("cannot find the database"); process.exit(3);'],
    message: /^deploy web\.[12]: container stopped with exit code 3, [\d.]+ m?s after start$/,
    hint: undefined,
    details: ["cannot find the database"],
  },
  "that never listens": {
    file: ["server.js", 'console.log("working on it"); setInterval(() => {}, 1000);'],
    message: /^deploy web\.[12]: nothing listens on port 3000 after 2(\.\d)? s$/,
    hint: "set # mypaas.port to the port it listens on, or raise # mypaas.start-timeout",
    details: ["working on it"],
  },
  "whose health check answers 500": {
    file: ["page.txt", "sick"],
    message: /^deploy web\.[12]: \/health still answers 500 after 2(\.\d)? s$/,
    hint: "set # mypaas.healthcheck to a path that answers 2xx or 3xx, or raise # mypaas.start-timeout",
    details: [],
  },
};

for (const [what, { file, message, hint, details }] of Object.entries(badReleases))
  test(`a release ${what} fails with its reason and the old containers serve on`, async () => {
    const ids = await server.containers("web", true);
    const load = server.load(web.host, { perSecond: 50 });
    const bad = await makeSource(server, "web", { keys, files: { [file[0]]: file[1] } });
    const said = await server.push(bad);
    const failure = failureOf(said);
    assert.match(failure.message, message);
    assert.deepEqual(
      { ...failure, message: "" },
      { code: 1, message: "", hint, details, still: "web still runs release 1" },
    );
    const report = await load.stop();
    console.log(`${failure.message}: ${report.sent} sent, ${report.failed} failed`);
    assert.deepEqual([report.failed, Object.keys(report.byRelease)], [0, ["web/1"]]);
    assert.deepEqual(await server.containers("web", true), ids);
  });

test("while the worker is stopped services serve on and a push says who does not answer", async () => {
  await server.stopWorker();
  const load = server.load(web.host, { perSecond: 50 });
  const said = await server.push(web);
  const report = await load.stop();
  console.log(`without a worker: ${report.sent} sent, ${report.failed} failed`);
  assert.deepEqual(failureOf(said), {
    code: 1,
    message: "server: the worker does not answer",
    hint: "look on the server: systemctl status mypaas-worker",
    details: [],
    still: undefined,
  });
  assert.deepEqual([report.failed, Object.keys(report.byRelease)], [0, ["web/1"]]);

  await server.startWorker();
  await writeDockerfile(web, { keys: ["scale = 1"] });
  await server.mustPush(web);
  const { release, body } = await server.get(web.host);
  assert.match(release, /^web\/[2-9]$/);
  assert.equal(body, "first page");
  assert.deepEqual(await server.containers("web"), ["t-e2ea-bad-web running"]);
});
