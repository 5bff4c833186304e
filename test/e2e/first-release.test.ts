import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { assertLossless, loadOn, pushHeld } from "../support/changes-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource } from "../support/source-e2e.ts";
import { askerAt } from "../support/traefik-asker.ts";

let server: TestServer;

before(async () => {
  server = await startServer("t-e2eroutes-first");
});
after(() => server?.remove());

const app = (bootMs: number): string => `
process.on("SIGTERM", () => process.exit(143));
// Whole, then back: a proxy in Go breaks off an exchange whose answer begins before its body has ended.
const server = require("node:http").createServer((req, res) => {
  const chunks = [];
  req.on("data", (chunk) => chunks.push(chunk)).on("end", () => res.end(Buffer.concat(chunks)));
});
setTimeout(() => server.listen(Number(process.env.PORT)), ${bootMs});
`;

test("requests to a host whose first release takes 5 s to start wait and are answered by it", async () => {
  const slow = await makeSource(server, "slow", { files: { "server.js": app(5_000) } });
  assert.equal((await server.get(slow.host)).status, 503);
  const isLive = await pushHeld(server, slow);
  const load = loadOn(server, `http://${slow.host}/`, { echoPath: "/echo" });
  const said = await isLive();
  await sleep(300);
  const report = await load.stop();
  assertLossless("a first release", report, ["slow/1"]);
  assert.equal(eventOf(said, "live").release, 1);
  assert.ok(report.longest > 3_000, `the longest wait was ${report.longest} ms`);
});

test("requests that waited for a first release that fails are told to come back, soon", async () => {
  const source = await makeSource(server, "broken", {
    keys: ["start-timeout = 60s"],
    files: { "server.js": "setTimeout(() => process.exit(3), 3000);" },
  });
  const pushing = server.startPush(source);
  await pushing.saw((event) => event.kind === "step" && event.text.startsWith("starting "));
  const { httpPort: http, httpsPort: https } = server.instance;
  const { fetchUrl } = askerAt({ http, https });
  const begun = Date.now();
  const waiting = Array.from({ length: 20 }, () => fetchUrl(`http://${source.host}/`));
  const said = await pushing.done;
  assert.equal(said.code, 1);
  const answers = await Promise.all(waiting);
  const longest = Date.now() - begun;
  console.log(`a first release that fails: 20 waited, the last for ${longest} ms`);
  for (const { status, headers, body } of answers) {
    assert.deepEqual([status, headers.get("retry-after")], [503, "5"]);
    assert.doesNotMatch(body, /broken|invalid|\d+\.\d+\.\d+/);
  }
  console.log(`they read: ${JSON.stringify(answers[0]?.body)}`);
  const { status, release } = await server.get(source.host);
  assert.deepEqual([status, release], [503, "none"]);
});
