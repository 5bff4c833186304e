import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let sources: readonly Source[] = [];

/** Service → how it is replaced. */
const scales = { ada: "2", bob: "1", cem: "3", dan: "0", eva: "2 safe" } as const;

before(async () => {
  server = await startServer("t-e2ea-five");
  sources = await Promise.all(
    Object.entries(scales).map(([name, scale]) =>
      makeSource(server, name, { keys: [`scale = ${scale}`] }),
    ),
  );
  await Promise.all(sources.map((source) => server.mustPush(source)));
});
after(() => server?.remove());

test("five services are deployed at once, three times, and no request to any of them is lost", async () => {
  const loads = sources.map((source) => server.load(source.host, { perSecond: 40 }));
  for (const round of [2, 3, 4]) {
    for (const source of sources) await source.write("page.txt", `page ${round}`);
    const said = await Promise.all(sources.map((source) => server.mustPush(source)));
    const took = said.map((one) => eventOf(one, "live").ms);
    assert.deepEqual(
      said.map((one) => eventOf(one, "live").release),
      sources.map(() => round),
    );
    console.log(`round ${round - 1}: all live, switches took ${took.join(", ")} ms`);
  }
  await sleep(300);
  for (const [index, load] of loads.entries()) {
    const { sent, failed, oldAfterNew, reasons, longest } = await load.stop();
    const name = sources[index]?.service;
    const counts = `${sent} sent, ${failed} failed, ${oldAfterNew} old after new`;
    console.log(`${name}: ${counts}, longest ${longest} ms`);
    assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
  }
  for (const source of sources) assert.equal((await server.get(source.host)).body, "page 4");
});
