import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProberReport } from "../support/prober.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

const examples = join(dirname(dirname(import.meta.dirname)), "examples");
let server: TestServer;
let web: Source;
let counter: Source;

before(async () => {
  server = await startServer("t-e2ea-load");
  web = await makeSource(server, "web", { keys: ["scale = 2", "healthcheck = /health"] });
  const app = await readFile(join(examples, "with-volume", "server.js"), "utf8");
  const files = { "server.js": app };
  counter = await makeSource(server, "counter", {
    keys: ["scale = 0", "volume = data:/data"],
    files,
  });
  await Promise.all([server.mustPush(web), server.mustPush(counter)]);
});
after(() => server?.remove());

function assertLossless(what: string, report: ProberReport): void {
  const { sent, answered, failed, oldAfterNew, byRelease, reasons, p50, p99, longest } = report;
  const times = `p50 ${p50} ms, p99 ${p99} ms, longest ${longest} ms`;
  const counts = `${sent} sent, ${failed} failed, ${oldAfterNew} old after new`;
  console.log(`${what}: ${counts}, ${times}, ${JSON.stringify(byRelease)}`);
  assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
  assert.equal(answered, sent);
}

async function deployAgain(source: Source, page: string): Promise<number> {
  await source.write("page.txt", page);
  const said = await server.push(source);
  return eventOf(said, "live").release;
}

test("two replicas are replaced three times under 200 requests a second and none is lost", async () => {
  const load = server.load(web.host);
  for (const number of [2, 3, 4]) assert.equal(await deployAgain(web, `page ${number}`), number);
  await server.settled("web");
  await sleep(300);
  const report = await load.stop();
  assertLossless("scale 2", report);
  assert.deepEqual(Object.keys(report.byRelease), ["web/1", "web/2", "web/3", "web/4"]);
});

test("a counter on a volume is replaced twice under 200 requests a second and counts on", async () => {
  const load = server.load(counter.host, { isPlain: true });
  await sleep(300);
  for (const number of [2, 3]) assert.equal(await deployAgain(counter, `page ${number}`), number);
  await sleep(1000);
  const report = await load.stop();
  assertLossless("scale 0 with a volume", report);
  assert.deepEqual(Object.keys(report.byRelease), ["counter/1", "counter/2", "counter/3"]);
  const { body } = await server.get(counter.host);
  console.log(body.trim());
  const [, count] = /^request (\d+), answered by release 3\n$/.exec(body) ?? [];
  // Each of the three deploys asks the page itself before it says "live".
  const extra = Number(count) - 1 - report.sent;
  assert.ok(extra >= 3 && extra <= 12, `${count} counted`);
});
