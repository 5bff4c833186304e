import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event, ReceiptEvent } from "../../src/core/wire/events.ts";
import { waitingRequestsMs } from "../../src/deploy/steps/give-name.ts";
import { readMetrics } from "../../src/core/routing/metrics.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** Every tenth answer is a 503 of the app's own, every seventh a 500; what mypaas itself asks is neither. */
const failing = `
let count = 0;
require("node:http").createServer((req, res) => {
  if (req.headers["user-agent"] === "mypaas") return res.end();
  count += 1;
  res.statusCode = count % 10 === 0 ? 503 : count % 7 === 0 ? 500 : 200;
  res.end("hello");
}).listen(Number(process.env.PORT));
`;
const perSecond = 200;
/** Requests that were answered while one of the two counts was read and the other not yet. */
const edge = perSecond * 0.4;
let server: TestServer;

let web: Source;
let one: Source;
let sick: Source;

before(async () => {
  server = await startServer("t-e2emeter");
  const files = { "server.js": failing };
  web = await makeSource(server, "web", { keys: ["scale = 2"] });
  one = await makeSource(server, "one", { keys: ["scale = 0"] });
  sick = await makeSource(server, "sick", { keys: ["scale = 1"], files });
  await Promise.all([web, one, sick].map((source) => server.mustPush(source)));
  // A switch begins once those who waited for the first release are taken care of.
  await sleep(waitingRequestsMs + 1_000);
});
after(() => server?.remove());

interface Counted {
  readonly answered: number;
  readonly failed: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Switches to the same image with another environment, under load, and returns both counts of the time between its first word and its receipt. */
async function switchUnderLoad(source: Source, isPlain: boolean) {
  await server.must(["env", source.service, "set", `ROUND=${Date.now()}`, "--stage", "-r", "prod"]);
  const load = server.load(source.host, { perSecond, isPlain });
  await sleep(500);
  const running = server.startPush(source);
  const counts = async (wanted: (event: Event) => boolean): Promise<Counted> => {
    await running.saw(wanted);
    const { answered, failed, reasons } = load.counts();
    return { answered, failed, reasons };
  };
  const atBegin = await counts((event) => event.kind === "note" && event.text.endsWith("no build"));
  const atEnd = await counts((event) => event.kind === "receipt");
  const said = await running.done;
  await load.stop();
  assert.equal(said.code, 0);
  const receipt = eventOf(said, "receipt");
  const requests = atEnd.answered + atEnd.failed - atBegin.answered - atBegin.failed;
  const status503 = countOf(atEnd, /503/) - countOf(atBegin, /503/);
  const prober = { requests, status503, failed: atEnd.failed - atBegin.failed };
  console.log(
    `${source.service}: receipt ${JSON.stringify(receipt)}, prober ${JSON.stringify(prober)}`,
  );
  assert.equal(receipt.ms, eventOf(said, "live").ms);
  const { requests: counted = -1 } = receipt;
  assert.ok(Math.abs(counted - requests) <= edge, `${counted} and ${requests} requests`);
  assert.deepEqual(storedReceipt(source), countsOf(receipt));
  return { receipt, prober };
}

const countOf = ({ reasons }: Counted, which: RegExp): number =>
  Object.entries(reasons).reduce((sum, [reason, n]) => sum + (which.test(reason) ? n : 0), 0);

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
});

test("answers with 503 count as failed, other errors of the app do not", async () => {
  const { receipt, prober } = await switchUnderLoad(sick, true);
  const { failed = -1 } = receipt;
  assert.ok(failed > 0 && Math.abs(failed - prober.status503) <= edge / 10 + 2, `${failed} failed`);
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
