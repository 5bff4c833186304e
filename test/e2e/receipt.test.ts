import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReceiptEvent } from "../../src/core/wire/events.ts";
import { waitingRequestsMs } from "../../src/deploy/steps/give-name.ts";
import { readMetrics } from "../../src/core/routing/metrics.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** Ready when BOOT_MS have passed, so that a test can ask while it gets ready. */
const slowBoot = `.listen(Number(process.env.PORT)), Number(process.env.BOOT_MS ?? 0));`;
/** Says which page it has, at once or slowly; a body comes back. */
const app = `
const server = require("node:http").createServer((req, res) => {
  if (req.url === "/slow") return setTimeout(() => res.end("slow"), 1500);
  if (req.method !== "POST") return res.end("hello");
  const chunks = [];
  req.on("data", (chunk) => chunks.push(chunk)).on("end", () => res.end(Buffer.concat(chunks)));
});
setTimeout(() => server${slowBoot}
`;
/** Every tenth answer is a 503 of the app's own, every seventh a 500; what mypaas itself asks is neither. */
const failing = `
let count = 0;
const server = require("node:http").createServer((req, res) => {
  if (req.headers["user-agent"] === "mypaas") return res.end();
  count += 1;
  res.statusCode = count % 10 === 0 ? 503 : count % 7 === 0 ? 500 : 200;
  res.end("hello");
});
setTimeout(() => server${slowBoot}
`;
let server: TestServer;

let web: Source;
let one: Source;
let sick: Source;

before(async () => {
  server = await startServer("t-e2emeter");
  const files = { "server.js": app };
  web = await makeSource(server, "web", { keys: ["scale = 2"], files });
  one = await makeSource(server, "one", { keys: ["scale = 0"], files });
  sick = await makeSource(server, "sick", {
    keys: ["scale = 1"],
    files: { "server.js": failing },
  });
  await Promise.all([web, one, sick].map((source) => server.mustPush(source)));
  // A switch begins once those who waited for the first release are taken care of.
  await sleep(waitingRequestsMs + 1_000);
});
after(() => server?.remove());

/** Switches to the same image with another environment. The load begins when the count of the receipt has, and its last request is answered before the count ends: both know the same requests. */
async function switchUnderLoad(source: Source, isPlain: boolean) {
  const values = [`ROUND=${Date.now()}`, "BOOT_MS=6000"];
  await server.must(["env", source.service, "set", ...values, "--stage", "-r", "prod"]);
  const running = server.startPush(source);
  await running.saw(
    ({ kind, ...event }) => kind === "step" && /^(stop|start)ing /.test(textOf(event)),
  );
  const load = server.load(source.host, { perSecond: 200, isPlain });
  await sleep(1_500);
  const { sent, answered, failed, reasons, longest } = await load.stop();
  const said = await running.done;
  assert.equal(said.code, 0);
  const receipt = eventOf(said, "receipt");
  const status503 = Object.entries(reasons).reduce(
    (sum, [reason, n]) => sum + (/503/.test(reason) ? n : 0),
    0,
  );
  const prober = { sent, answered, failed, status503, longest };
  console.log(
    `${source.service}: receipt ${JSON.stringify(receipt)}, prober ${JSON.stringify(prober)}`,
  );
  assert.equal(receipt.ms, eventOf(said, "live").ms);
  assert.equal(receipt.requests, sent);
  assert.deepEqual(storedReceipt(source), countsOf(receipt));
  return { receipt, prober };
}

const textOf = (event: object): string => ("text" in event ? String(event.text) : "");

const countsOf = ({ ms, requests, failed }: ReceiptEvent) => ({ ms, requests, failed });

function storedReceipt({ service }: Source): unknown {
  const newest = "SELECT receipt FROM releases WHERE service = ? ORDER BY number DESC LIMIT 1";
  return JSON.parse(String(server.query(newest, service)[0]?.["receipt"]));
}

test("the receipt of a rolling switch counts what the prober counts, and no failure", async () => {
  const { receipt, prober } = await switchUnderLoad(web, false);
  assert.deepEqual([receipt.failed, prober.failed], [0, 0]);
});

test("where requests wait, the receipt counts them once each, when they have their answer", async () => {
  const { receipt, prober } = await switchUnderLoad(one, true);
  assert.deepEqual([receipt.failed, prober.failed], [0, 0]);
  assert.ok(prober.longest > 1_000, "nobody waited");
});

test("answers with 503 count as failed, other errors of the app do not", async () => {
  const { receipt, prober } = await switchUnderLoad(sick, true);
  assert.ok(prober.status503 > 0 && prober.failed > prober.status503);
  assert.equal(receipt.failed, prober.status503);
});

test("without load the switch's own questions are not counted, and people read one line", async () => {
  const quiet = await makeSource(server, "quiet", { keys: ["scale = 1"] });
  await server.mustPush(quiet);
  await quiet.write("page.txt", "second page");
  const { code, err } = await server.run(["push", "prod"], { cwd: quiet.folder });
  assert.equal(code, 0);
  assert.match(err, /\nswitched in \d+(\.\d+)? m?s: 0 requests, 0 failed\n$/);
});

test("five switches at once are counted apart", async () => {
  const names = ["a", "b", "c", "d", "e"];
  const sources = await Promise.all(
    names.map((name) => makeSource(server, `many-${name}`, { keys: ["scale = 1"] })),
  );
  await Promise.all(sources.map((source) => server.mustPush(source)));
  const loads = sources.map(({ host }, n) =>
    server.load(host, { perSecond: 10 * (n + 1), isPlain: true }),
  );
  await Promise.all(sources.map((source) => source.write("page.txt", "second page")));
  const all = await Promise.all(sources.map((source) => server.push(source)));
  const reports = await Promise.all(loads.map((load) => load.stop()));
  const receipts = all.map((said) => eventOf(said, "receipt"));
  console.log(
    receipts.map(
      ({ requests, failed }, n) => `${requests} of ${reports[n]?.sent}, ${failed} failed`,
    ),
  );
  for (const [n, { requests = -1, failed }] of receipts.entries()) {
    assert.equal(failed, 0);
    assert.equal(reports[n]?.failed, 0);
    assert.ok(requests > 0 && requests <= (reports[n]?.sent ?? 0));
  }
});

test("a reading of the metrics is a matter of milliseconds", async () => {
  const traefik = docker.getContainer(`${server.instance.name}-traefik`);
  const { Networks } = (await traefik.inspect()).NetworkSettings;
  const address = Networks[`${server.instance.name}-api`]?.IPAddress;
  assert.ok(address);
  const took: number[] = [];
  let size = 0;
  for (let n = 0; n < 10; n += 1) {
    const begun = performance.now();
    const text = await (await fetch(`http://${address}:8080/metrics`)).text();
    readMetrics(text);
    took.push(Math.round((performance.now() - begun) * 10) / 10);
    size = text.length;
  }
  console.log(`metrics: ${Math.round(size / 1000)} kB, read in ${took.join(", ")} ms`);
});
