import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Event } from "../../src/core/wire/events.ts";
import type { ReleaseInfo } from "../../src/core/actions/lifecycle.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { makeSource, slowStep, writeDockerfile, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;
const keys = ["scale = 2", "healthcheck = /health", "env = COLOUR"];

before(async () => {
  server = await startServer("t-e2ea-releases");
  web = await makeSource(server, "web", { keys });
  await server.must(["env", "web", "set", "COLOUR=dark green", "-r", "prod"]);
  await server.mustPush(web);
  await server.must(["env", "web", "set", "COLOUR=light blue", "--stage", "-r", "prod"]);
  await web.write("page.txt", "second page");
  await server.mustPush(web);
});
after(() => server?.remove());

async function listed(): Promise<readonly ReleaseInfo[]> {
  const { out } = await server.must(["releases", "web", "-r", "prod", "--json"]);
  return (JSON.parse(out) as { releases: readonly ReleaseInfo[] }).releases;
}

async function rollBack(...args: readonly string[]) {
  const load = server.load(web.host);
  const said = await server.startCommand(["rollback", "web", ...args]).done;
  await server.settled("web");
  const { sent, failed, oldAfterNew, reasons } = await load.stop();
  const live = said.events.find((event) => event.kind === "live");
  const took = live === undefined ? "not live" : `live after ${live.ms} ms`;
  console.log(`rollback ${args.join(" ")}: ${took}, ${sent} sent, ${failed} failed`);
  assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
  return said;
}

test("a rollback brings the old image with its old values back under load, without a build", async () => {
  const said = await rollBack();
  assert.equal(said.code, 0);
  assert.equal(eventOf(said, "live").release, 3);
  assert.deepEqual(
    said.events.filter(({ kind }) => kind === "build"),
    [],
  );
  const { release, body } = await server.get(web.host);
  assert.deepEqual([release, body], ["web/3", "first page"]);
  const { createHash } = await import("node:crypto");
  const sum = createHash("sha256").update("dark green").digest("hex");
  assert.equal((await server.get(web.host, "/env?COLOUR")).body, sum);
});

test("releases says what ran, who pushed it, what its switch took and what can be gone back to", async () => {
  const all = await listed();
  assert.deepEqual(
    all.map(({ release, state, repeats, canRollBack }) => [release, state, repeats, canRollBack]),
    [
      [3, "live", 1, false],
      [2, "retired", undefined, true],
      [1, "retired", undefined, true],
    ],
  );
  assert.ok(all.every(({ by, image }) => by !== "" && image.startsWith("sha256:")));
  const { out } = await server.must(["releases", "web", "-r", "prod"]);
  console.log(out);
  assert.ok(
    out.split("\n").every((line) => line.length <= 80),
    out,
  );
});

test("forward again by number; an image that somebody removed is said to be gone, and refused", async () => {
  assert.equal(eventOf(await rollBack("2"), "live").release, 4);
  assert.equal((await server.get(web.host)).body, "second page");
  const image = (await docker.getImage("t-e2ea-releases/web:r1").inspect()).Id;
  await docker.getImage("t-e2ea-releases/web:r1").remove({ force: true });
  assert.deepEqual(
    (await listed()).map(({ release, canRollBack }) => [release, canRollBack]),
    [
      [4, false],
      [3, false],
      [2, true],
      [1, false],
    ],
    image,
  );
  const said = await server.startCommand(["rollback", "web", "1"]).done;
  assert.deepEqual(failureOf(said), {
    code: 1,
    message: "rollback web: the image of release 1 is not there any more",
    hint: "push its files again: mypaas push -r prod",
    details: [],
    still: "web still runs release 4",
  });
  assert.equal((await server.get(web.host)).release, "web/4");
});

const isInBuild = (event: Event): boolean =>
  event.kind === "build" && event.text.includes("the slow step began");
const isStarting = (event: Event): boolean =>
  event.kind === "step" && event.text.startsWith("starting ");

for (const [moment, when, more] of [
  ["builds", isInBuild, { build: [slowStep(30_000)] }],
  ["starts", isStarting, { files: { "page.txt": "sick" } }],
] as const)
  test(`a deploy that ${moment} is cancelled, and what ran before never stops`, async () => {
    const ids = await server.containers("web", true);
    const load = server.load(web.host, { perSecond: 50 });
    const bad = await makeSource(server, "web", { keys, ...more });
    const push = server.startPush(bad);
    await push.saw(when);
    const cancel = await server.startCommand(["cancel", "web"]).done;
    const said = await push.done;
    const report = await load.stop();
    console.log(`cancelled while it ${moment}: ${report.sent} sent, ${report.failed} failed`);
    assert.equal(cancel.code, 0);
    assert.match(failureOf(said).message, /^deploy web: cancelled by \S+/);
    assert.equal(failureOf(said).still, "web still runs release 4");
    assert.deepEqual([report.failed, Object.keys(report.byRelease)], [0, ["web/4"]]);
    assert.deepEqual(await server.containers("web", true), ids);
    const states = server.query("SELECT state FROM jobs ORDER BY id DESC LIMIT 1");
    assert.equal(states[0]?.["state"], "cancelled");
  });

test("where nothing is under way, cancel says so", async () => {
  const { code, err } = await server.run(["cancel", "web", "-r", "prod"]);
  assert.equal(code, 1);
  assert.match(err, /cancel web: nothing of it is being deployed/);
});

const migrate = `
const { appendFileSync, readFileSync } = require("node:fs");
console.log("migrating for release " + process.env.MYPAAS_RELEASE);
appendFileSync("/data/log", process.env.MYPAAS_RELEASE + " " + process.env.COLOUR + "\\n");
if (readFileSync("page.txt", "utf8") === "bad") { console.error("column missing"); process.exit(4); }
`;

test("the release command runs once before the switch, with values and volumes; its failure changes nothing", async () => {
  const shop = await makeSource(server, "shop", {
    keys: ["volume = data:/data", "env = COLOUR=red", "release = node migrate.js"],
    files: { "migrate.js": migrate },
  });
  const first = await server.mustPush(shop);
  assert.deepEqual(
    first.events
      .filter(({ kind }) => kind === "output")
      .map((event) => "text" in event && event.text),
    ["migrating for release 1"],
  );
  const load = server.load(shop.host);
  await shop.write("page.txt", "bad");
  const failure = failureOf(await server.push(shop));
  const report = await load.stop();
  console.log(`release command failed: ${report.sent} sent, ${report.failed} failed`);
  assert.match(
    failure.message,
    /^deploy shop: release command ended with exit code 4 after [\d.]+ m?s: node migrate.js$/,
  );
  assert.deepEqual(
    // Docker reads the two streams apart: which line was first it does not know.
    { ...failure, message: "", details: failure.details.toSorted() },
    {
      code: 1,
      message: "",
      hint: "run it in the image by hand, or change # mypaas.release",
      details: ["column missing", "migrating for release 2"],
      still: "shop still runs release 1",
    },
  );
  assert.deepEqual([report.failed, Object.keys(report.byRelease)], [0, ["shop/1"]]);
  await shop.write("page.txt", "good");
  await writeDockerfile(shop, {
    keys: ["volume = data:/data", "env = COLOUR=red", "release = node migrate.js && echo done"],
  });
  // The image has no shell.
  assert.match(failureOf(await server.push(shop)).message, /release command could not start/);
  assert.match((await server.containers("shop")).join(), /^t-e2ea-releases-shop\S* running$/);
});
