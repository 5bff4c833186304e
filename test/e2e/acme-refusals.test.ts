import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { declare } from "../support/changes-e2e.ts";
import { startAcmeServer, type AcmeServer } from "../support/acme-e2e.ts";

let acme: AcmeServer;
const names = ["bad.test", "late.test", "fine.test", "busy.test"];

before(async () => {
  acme = await startAcmeServer("t-e2ecano", "127.77.1.2");
  acme.point(...names);
});
after(() => acme?.remove());

const secure = (host: string): readonly string[] => [
  `domain = ${host}`,
  "https = true",
  "port = 3000",
  "scale = 1",
];

test("a CA that refuses is asked once, however much is deployed meanwhile, and says why", async () => {
  const { server, caDns, pebble } = acme;
  // The server sees the name lead here; the CA is told another address, where nobody answers.
  caDns.set("bad.test", { A: ["127.77.1.250"] });
  const bad = await declare(server, "bad", ["domain = bad.test", "https = true", "port = 3000"]);
  const busy = await declare(server, "busy", ["domain = busy.test", "port = 3000", "scale = 1"]);
  await server.mustPush(busy);
  const pushing = server.mustPush(bad);
  for (let n = 1; n <= 20; n += 1) {
    // oxlint-disable-next-line no-await-in-loop
    await busy.write("page.txt", `page ${n}`);
    // oxlint-disable-next-line no-await-in-loop
    await server.mustPush(busy);
  }
  const { events } = await pushing;
  const [warning] = events.filter((event) => event.kind === "warning");
  assert.match(String(warning?.text), /^bad.test has no certificate, http does not redirect: /);
  const info = await acme.cert("bad.test");
  console.log(`20 deploys, ${pebble.orders()} orders, ${info.about}: ${info.reason}`);
  assert.equal(info.state, "failed");
  assert.match(String(info.reason), /127\.77\.1\.250|bad\.test/);
  const minutes = ((info.nextTry ?? 0) - Date.now()) / 60_000;
  assert.ok(minutes > 10 && minutes < 15, `next try in ${minutes} minutes`);
  assert.ok(pebble.orders() >= 1 && pebble.orders() <= 4, `${pebble.orders()} orders`);
  const { status } = await server.get("bad.test");
  assert.equal(status, 200);
});

test("a retry asks at once, at most four times an hour, and takes what comes", async () => {
  const { server, pebble, caDns } = acme;
  const before = pebble.orders();
  for (let n = 0; n < 5; n += 1) {
    // oxlint-disable-next-line no-await-in-loop
    const { code } = await server.run(["cert", "retry", "bad.test", "-r", "prod"]);
    assert.equal(code, 1);
  }
  const asked = pebble.orders() - before;
  console.log(`5 retries, ${asked} orders`);
  assert.equal(asked, 3);
  const info = await acme.cert("bad.test");
  assert.match(String(info.reason), /had 4 requests within an hour/);
  assert.ok((info.nextTry ?? 0) - Date.now() > 50 * 60_000);
  caDns.set("bad.test", { A: [acme.address] });
  const { out } = await server.run(["cert", "retry", "bad.test", "-r", "prod"]);
  assert.match(out, /had 4 requests within an hour/);
  assert.equal(pebble.orders() - before, 3);
});

test("a CA that does not answer keeps nobody from going live, and is asked when it does", async () => {
  const { server, pebble } = acme;
  const late = await declare(server, "late", secure("late.test"));
  const orders = pebble.orders();
  pebble.pause(true);
  const begun = Date.now();
  const { events } = await server.mustPush(late);
  const live = events.find((event) => event.kind === "live");
  assert.ok(events.some((event) => event.kind === "warning"));
  console.log(
    `live after ${String(live?.["ms"])} ms without a CA, done after ${Date.now() - begun}`,
  );
  assert.equal((await server.get("late.test")).status, 200);
  // Its directory may have been read just before, and then it is Traefik that has no answer.
  const { about } = await acme.until("late.test", ["waiting", "failed"], 60);
  assert.equal(about, "CA away");
  assert.equal(pebble.orders(), orders);
  pebble.pause(false);
  await acme.until("late.test", ["issued"], 100);
  assert.equal((await server.get("late.test")).status, 301);
});

test("a CA that is down is not asked, and one that has lost its accounts is said to have", async () => {
  const { server, pebble } = acme;
  const fine = await declare(server, "fine", secure("fine.test"));
  await pebble.stop();
  const { events } = await server.mustPush(fine);
  const [warning] = events.filter((event) => event.kind === "warning");
  assert.match(String(warning?.text), /fine.test has no certificate.*the CA.* cannot be reached/);
  await pebble.start();
  // Where its directory had just been read, Traefik was the one that found it away.
  let info = await acme.until("fine.test", ["failed"], 100);
  for (let left = 200; info.about === "CA away" && left > 0; left -= 1) {
    // oxlint-disable-next-line no-await-in-loop
    await sleep(500);
    // oxlint-disable-next-line no-await-in-loop
    info = await acme.cert("fine.test");
  }
  console.log(`${info.about}: ${info.reason}\nhint: ${info.hint}`);
  assert.match(String(info.reason), /no longer knows this server/);
  assert.equal((await server.get("fine.test")).status, 200);
});

test("what the CA says is known to a worker that starts anew, and nothing is asked again", async () => {
  const { server, pebble } = acme;
  const before = pebble.orders();
  const was = await acme.cert("bad.test");
  await server.stopWorker("SIGKILL");
  await server.startWorker();
  await sleep(3_000);
  const is = await acme.cert("bad.test");
  assert.deepEqual([is.state, is.nextTry], [was.state, was.nextTry]);
  assert.equal(pebble.orders(), before);
});
