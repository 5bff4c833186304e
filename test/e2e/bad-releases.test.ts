import assert from "node:assert/strict";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { badDockerfile, badReleases, foreignProgram } from "../support/bad-sources.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import type { Prober, ProberReport } from "../support/prober.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";

const name = "t-e2ebad-roll";
const common = ["scale = 2", "port = 3000", "start-timeout = 2s"];
let server: TestServer;
let web: Source;
let load: Prober;
let seen: ProberReport;

before(async () => {
  server = await startServer(name);
  web = await makeSource(server, "web", { keys: ["scale = 2"] });
  await server.mustPush(web);
  load = server.load(web.host);
  seen = load.counts();
});
after(() => server?.remove());

/** What the load lost since the last time; every case is to see some of it. */
function sinceBefore(): { readonly sent: number; readonly failed: number } {
  const now = load.counts();
  const [sent, failed] = [now.answered - seen.answered, now.failed - seen.failed];
  seen = now;
  return { sent, failed };
}

const imagesOf = async (service: string) =>
  (await docker.listImages({ filters: { reference: [`${name}/${service}`] } })).length;

for (const [what, bad] of Object.entries(badReleases))
  test(`a release that ${what} fails with its reason and the old containers serve on`, async () => {
    const ids = await server.containers("web", true);
    const { program } = bad;
    const files = { other: foreignProgram(), ...(program && { "server.js": program }) };
    const source = await makeSource(server, "web", { files });
    await chmod(join(source.folder, "other"), 0o755);
    await source.write("Dockerfile", badDockerfile(source, bad, common));
    const { details, ...failure } = failureOf(await server.push(source));
    const { sent, failed } = sinceBefore();
    console.log(`${failure.message}: ${sent} answered, ${failed} failed`);
    assert.match(failure.message, bad.message);
    const { hint, details: lines = [] } = bad;
    const still = "web still runs release 1";
    assert.deepEqual({ ...failure, message: "" }, { code: 1, message: "", hint, still });
    // The init process says which process it was that could not run.
    assert.deepEqual(
      details.map((line) => line.replace(/tini \(\d+\)/, "tini (7)")),
      lines,
    );
    assert.equal(failed, 0);
    assert.ok(sent > 0);
    assert.deepEqual(await server.containers("web", true), ids);
    // The live one, and the newest: a second push of the same needs no build.
    assert.ok((await imagesOf("web")) <= 2);
  });

test("a release with a HEALTHCHECK goes live once Docker calls it healthy", async () => {
  const build = [
    `HEALTHCHECK --interval=1s CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]`,
  ];
  await writeDockerfile(web, { keys: ["scale = 2"], build });
  const said = await server.mustPush(web);
  const report = await load.stop();
  const { release } = eventOf(said, "live");
  console.log(`live as ${release}; in all ${JSON.stringify(report)}`);
  const { failed, oldAfterNew, answered } = report;
  assert.deepEqual(
    { failed, oldAfterNew, answered },
    { failed: 0, oldAfterNew: 0, answered: report.sent },
  );
  assert.deepEqual(Object.keys(report.byRelease), ["web/1", `web/${release}`]);
});

test("while the worker is stopped services serve on and a push says who does not answer", async () => {
  const { release } = await server.get(web.host);
  await server.stopWorker();
  load = server.load(web.host, { perSecond: 50 });
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
  assert.deepEqual([report.failed, Object.keys(report.byRelease)], [0, [release]]);

  await server.startWorker();
  await writeDockerfile(web, { keys: ["scale = 1"] });
  await server.mustPush(web);
  const { body } = await server.get(web.host);
  assert.equal(body, "first page");
  assert.deepEqual(await server.containers("web"), [`${name}-web running`]);
});
