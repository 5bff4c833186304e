import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { createMeter } from "../../../src/adapters/traefik/metrics.ts";
import { createReadings } from "../../../src/adapters/traefik/readings.ts";
import { waitingDials } from "../../../src/core/routing/metrics.ts";

/** A Traefik with metrics, and the number of times that it was located. */
async function fakeTraefik(t: TestContext) {
  const shown = { text: "", status: 200, asked: 0, atOnce: 0, most: 0 };
  const server = createServer((request, response) => {
    assert.equal(request.url, "/metrics");
    shown.asked += 1;
    shown.most = Math.max(shown.most, (shown.atOnce += 1));
    setImmediate(() => {
      shown.atOnce -= 1;
      response.writeHead(shown.status).end(shown.text);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let located = 0;
  const locate = async () => {
    located += 1;
    return { api };
  };
  return {
    shown,
    locate,
    located: () => located,
    show: (counts: Readonly<Record<string, number>>, started = 1) => {
      const lines = Object.entries(counts).map(([series, value]) => {
        const [router, code] = series.split(" ");
        return `traefik_router_requests_total{code="${code}",router="${router}"} ${value}\n`;
      });
      shown.text = `process_start_time_seconds ${started}\n${lines.join("")}`;
    },
  };
}

const sums = (read: ReadonlyMap<string, unknown> | undefined) => read && Object.fromEntries(read);

test("the meter counts from its beginning, also series that only one reading shows", async (t) => {
  const traefik = await fakeTraefik(t);
  const meter = createMeter(createReadings(traefik.locate));
  traefik.show({ "old 200": 100 });
  const metering = await meter.begin();
  assert.deepEqual(sums(await metering.read()), {});
  traefik.show({ "old 200": 110, "hold 200": 5 });
  assert.deepEqual(sums(await metering.read()), {
    old: { requests: 10, failed: 0 },
    hold: { requests: 5, failed: 0 },
  });
  traefik.show({ "old 200": 110, "new 503": 2 });
  assert.deepEqual(sums(await metering.read()), {
    old: { requests: 10, failed: 0 },
    hold: { requests: 5, failed: 0 },
    new: { requests: 2, failed: 2 },
  });
  assert.equal(traefik.located(), 1);
});

test("parallel switches share readings and lose nothing, and readings do not overlap", async (t) => {
  const traefik = await fakeTraefik(t);
  const meter = createMeter(createReadings(traefik.locate));
  traefik.show({ "a 200": 1 });
  const first = await meter.begin();
  const second = await meter.begin();
  await Promise.all([first.read(), second.read()]);
  // Shown once more after its router went, and to the other switch only.
  traefik.show({ "a 200": 4, "hold-a 200": 7 });
  await second.read();
  traefik.show({ "a 200": 6 });
  const expected = { a: { requests: 5, failed: 0 }, "hold-a": { requests: 7, failed: 0 } };
  const [one, other] = await Promise.all([first.read(), second.read()]);
  assert.deepEqual([sums(one), sums(other)], [expected, expected]);
  assert.equal(traefik.shown.most, 1);
  first.end();
  assert.equal(await first.read(), undefined);
  assert.notEqual(await second.read(), undefined);
});

test("without an answer of Traefik, or after its restart, there is no count and no error", async (t) => {
  const traefik = await fakeTraefik(t);
  const { shown, show } = traefik;
  const meter = createMeter(createReadings(traefik.locate));
  shown.status = 500;
  const early = await meter.begin();
  assert.equal(await early.read(), undefined);
  shown.status = 200;
  show({ "a 200": 1 });
  assert.equal(await early.read(), undefined);

  const late = await meter.begin();
  assert.notEqual(await late.read(), undefined);
  shown.status = 500;
  assert.equal(await late.read(), undefined);
  shown.status = 200;
  // The lost answer may have had counts that no later one has.
  show({ "a 200": 3 });
  assert.equal(await late.read(), undefined);

  const cutOff = await meter.begin();
  assert.notEqual(await cutOff.read(), undefined);
  show({ "a 200": 9 }, 2);
  assert.equal(await cutOff.read(), undefined);
  const next = await meter.begin();
  assert.deepEqual(sums(await next.read()), {});
  const away = createMeter(createReadings(() => Promise.reject(new Error("no container"))));
  assert.equal(await (await away.begin()).read(), undefined);
});

test("a Traefik without metrics of routers has no count, which is not the same as 0 requests", async (t) => {
  const traefik = await fakeTraefik(t);
  traefik.show({});
  assert.equal(await (await createMeter(createReadings(traefik.locate)).begin()).read(), undefined);
});

test("attempts of waiting requests are counted where Traefik counts any service, and else unknown", async (t) => {
  const { shown, show, locate } = await fakeTraefik(t);
  const meter = createMeter(createReadings(locate));
  show({ "web 200": 1 });
  const metering = await meter.begin();
  const dials = async () => (await metering.read())?.get(waitingDials)?.requests;
  assert.equal(await dials(), undefined);
  const routers = shown.text;
  const counted = (service: string, value: number) =>
    `traefik_service_requests_total{code="502",service="${service}"} ${value}\n`;
  shown.text = `${routers}${counted("web-r1@docker", 5)}`;
  assert.equal(await dials(), 0);
  shown.text = `${routers}${counted("web-r1@docker", 9)}${counted("wait-web-r2-1-next@file", 3)}`;
  assert.equal(await dials(), 3);
  // Its switch is over: Traefik shows the count only once more, and a new one for the next attempt.
  shown.text = `${routers}${counted("web-r1@docker", 9)}`;
  assert.equal(await dials(), 3);
  shown.text = `${routers}${counted("web-r1@docker", 9)}${counted("wait-web-r2-1-next@file", 1)}`;
  assert.equal(await dials(), 4);
});
