import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startServer, type Answer, type TestServer } from "../support/mypaas-e2e.ts";
import { drainApp, openEvents, openSocket } from "../support/open-connections.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

const name = "t-e2ebad-drain";
let server: TestServer;
let web: Source;
let solo: Source;

before(async () => {
  server = await startServer(name);
  const files = { "server.js": drainApp };
  const keys = ["volume = data:/data"];
  web = await makeSource(server, "web", {
    keys: ["scale = 2", "drain-timeout = 4s", ...keys],
    files,
  });
  solo = await makeSource(server, "solo", { keys: ["scale = 0", ...keys], files });
  await Promise.all([server.mustPush(web), server.mustPush(solo)]);
  // Until a first release has its name, the next switch has something to wait for.
  await named("web");
  await named("solo");
});
after(() => server?.remove());

async function named(service: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await server.containers(service)).includes(`${name}-${service} running`)) return;
    await sleep(100);
  }
  throw new Error(`${service} never got its name`);
}

/** What the program of one release has noted, in order. */
async function journal({ host }: Source, release: number): Promise<readonly string[]> {
  const { body } = await server.get(host, "/journal");
  return body
    .split("\n")
    .filter((line) => line.startsWith(`${release} `))
    .map((line) => line.slice(`${release} `.length));
}

/** Everything that was said about the connections of one release. */
function saidAbout(service: string, release: number): readonly string[] {
  const texts = server
    .query("SELECT event FROM job_log")
    .map(({ event }) => (JSON.parse(String(event)) as { readonly text?: string }).text ?? "");
  return texts.filter((text) => text.includes(`to ${service} release ${release} `));
}

let content = 0;
async function startDeploy(source: Source) {
  content += 1;
  await source.write("page.txt", `page ${content}`);
  return server.startPush(source);
}

const slowOnes = (source: Source, count: number, ms: number): Promise<readonly Answer[]> =>
  Promise.all(Array.from({ length: count }, () => server.get(source.host, `/slow?ms=${ms}`)));

test("slow responses end on the old release, which gets SIGTERM only after them", async () => {
  const push = await startDeploy(web);
  await push.saw(({ kind }) => kind === "ready");
  const slow = slowOnes(web, 6, 3_500);
  await push.saw(({ kind }) => kind === "live");
  const next = await server.get(web.host);
  const answers = await slow;
  await push.done;
  await server.settled("web");
  const noted = await journal(web, 1);
  console.log(
    `6 sent, ${answers.filter(({ status }) => status !== 200).length} failed: ${noted.join()}`,
  );
  assert.equal(next.release, "web/2");
  assert.deepEqual(
    answers.map(({ status, release, body }) => `${status} ${release} ${body}`),
    Array.from({ length: 6 }, () => "200 web/1 slow"),
  );
  assert.equal(noted.filter((line) => line === "slow closed").length, 6);
  assert.deepEqual(noted.slice(-2), ["SIGTERM with 0 open", "SIGTERM with 0 open"]);
});

test("events and WebSockets go on with the old release until drain-timeout and are then closed", async () => {
  const events = await openEvents(server, web.host);
  const socket = await openSocket(server, web.host);
  const push = await startDeploy(web);
  await push.saw(({ kind }) => kind === "live");
  const ticks = events.received();
  socket.send("are you there?");
  await sleep(1_000);
  const [more, echoes] = [events.received() - ticks, socket.received()];
  await Promise.all([events.closed, socket.closed]);
  await push.done;
  await server.settled("web");
  const noted = await journal(web, 2);
  console.log(`${events.received() - ticks} events after "live": ${noted.join()}`);
  assert.equal(events.release, "web/2");
  assert.ok(more >= 2, `${more} events in a second`);
  assert.equal(echoes, 1);
  const open = noted.map((line) => Number(/^SIGTERM with (\d+) open$/.exec(line)?.[1] ?? 0));
  assert.equal(
    open.reduce((sum, one) => sum + one, 0),
    2,
  );
  assert.deepEqual(saidAbout("web", 2), [
    "waiting for 2 connections to web release 2 to end",
    "2 connections to web release 2 did not end in time",
  ]);
});

test("a client that leaves lets the old release go before drain-timeout", async () => {
  const events = await openEvents(server, web.host);
  const push = await startDeploy(web);
  await push.saw(({ kind }) => kind === "live");
  events.close();
  await push.done;
  await server.settled("web");
  const noted = await journal(web, 3);
  console.log(noted.join());
  assert.deepEqual(noted.slice(-3), [
    "events closed",
    "SIGTERM with 0 open",
    "SIGTERM with 0 open",
  ]);
  assert.deepEqual(saidAbout("web", 3), []);
});

test("an old release that nobody is connected to is not waited for", async () => {
  const push = await startDeploy(web);
  await push.done;
  await server.settled("web");
  assert.deepEqual(saidAbout("web", 4), []);
  assert.deepEqual((await journal(web, 4)).slice(-2), [
    "SIGTERM with 0 open",
    "SIGTERM with 0 open",
  ]);
  const steps = "SELECT phase, at FROM steps WHERE step = 'drain' ORDER BY at DESC LIMIT 2";
  const [done, begun] = server.query(steps).map(({ at }) => Number(at));
  console.log(`drained in ${(done ?? 0) - (begun ?? 0)} ms`);
});

test("where the old release stops first, open requests end on it and the others wait for the new one", async () => {
  const long = server.get(solo.host, "/slow?ms=15000");
  const push = await startDeploy(solo);
  const asked: Promise<Answer>[] = [];
  let isLive = false;
  const live = push.saw(({ kind }) => kind === "live").finally(() => (isLive = true));
  for (let sent = 0; sent < 400 && !isLive; sent += 1) {
    asked.push(server.get(solo.host, "/slow?ms=1500"));
    await sleep(50);
  }
  await live;
  const answers = await Promise.all(asked);
  const cut = await long;
  const said = await push.done;
  await server.settled("solo");
  const count = (wanted: string) =>
    answers.filter(({ status, release }) => `${status} ${release}` === wanted).length;
  const noted = await journal(solo, 1);
  console.log(
    `${answers.length} sent, ${count("200 solo/1")} answered by release 1, ${count("200 solo/2")} by release 2; the one of 15 s: ${cut.status}; ${noted.slice(-3).join()}`,
  );
  assert.equal(eventOf(said, "live").release, 2);
  assert.ok(count("200 solo/1") > 0 && count("200 solo/2") > 0);
  assert.equal(count("200 solo/1") + count("200 solo/2"), answers.length);
  // Only what takes longer than its time is cut off, and said.
  assert.equal(cut.status, 502);
  assert.equal(noted.at(-1), "SIGTERM with 1 open");
  assert.equal(noted.filter((line) => line === "slow closed").length, count("200 solo/1"));
  const [waiting = "", ...rest] = saidAbout("solo", 1);
  assert.match(waiting, /^waiting for \d+ connections? to solo release 1 to end$/);
  assert.deepEqual(rest, ["1 connection to solo release 1 did not end in time"]);
});
