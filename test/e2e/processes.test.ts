import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { nextJournal, type Moment } from "../support/journal-e2e.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import {
  changeStory,
  releaseOf,
  replicasOf,
  seeded,
  workerSource,
} from "../support/processes-e2e.ts";
import { eventOf, failureOf } from "../support/said-e2e.ts";
import { writeDockerfile, type Source } from "../support/source-e2e.ts";

const instance = "t-proc";
const keys = ["scale = 2", "process.worker.scale = 2"];
const zeroKeys = ["scale = 0"];
let server: TestServer;
let web: Source;
let zero: Source;

before(async () => {
  server = await startServer(instance);
  web = await workerSource(server, "web", keys);
  zero = await workerSource(server, "zero", zeroKeys);
  await Promise.all([server.mustPush(web), server.mustPush(zero)]);
});
after(() => server?.remove());

const names = async (source: Source) =>
  (await replicasOf(server, source.service)).map(({ name, state }) => `${name} ${state}`);

/** The names of all containers where one release serves alone. */
const whole = (service: string, release: number, [own, workers]: readonly [number, number]) =>
  [
    `${instance}-${service} running`,
    ...counted(own)
      .slice(1)
      .map((at) => `${instance}-${service}-r${release}-${at} running`),
    ...counted(workers).map((at) => `${instance}-${service}-r${release}-worker-${at} running`),
  ].toSorted();

const counted = (count: number): readonly number[] =>
  Array.from({ length: count }, (_, at) => at + 1);

/** The same, once a name that was lent is given back. */
async function assertWhole(source: Source, wanted: readonly string[]): Promise<void> {
  for (let tries = 0; tries < 150; tries += 1) {
    if ((await names(source)).join() === wanted.join()) break;
    await sleep(100);
  }
  assert.deepEqual(await names(source), wanted);
}

test("a Procfile's worker runs beside web, without port, routes or health check", async () => {
  await assertWhole(web, whole("web", 1, [2, 2]));
  await assertWhole(zero, whole("zero", 1, [1, 1]));
  const { Config, HostConfig } = await docker.getContainer(`${instance}-web-r1-worker-2`).inspect();
  const own = Object.keys(Config.Labels).filter((key) => key.startsWith("traefik."));
  assert.deepEqual(
    [Config.Labels["mypaas.process"], own, Config.Labels["traefik.enable"], Config.Cmd],
    ["worker", ["traefik.enable"], "false", ["node", "w.js"]],
  );
  assert.equal(HostConfig.RestartPolicy?.Name, "unless-stopped");
});

test("eight changes under 200 requests a second lose none, and no old worker is there after a receipt", async () => {
  const load = server.load(web.host, { perSecond: 200 });
  await sleep(300);
  const story = await changeStory(server, web, { count: 8, random: seeded(13) });
  await sleep(300);
  const { sent, failed, reasons, oldAfterNew, leftOut } = await load.stop();
  console.log(
    `${story.releases} releases: ${sent} sent, ${failed} failed, ${oldAfterNew} old after new, ${leftOut} left out, ${story.oldAfterReceipt.length} old containers after a receipt, ${JSON.stringify(story.changes)}`,
  );
  assert.deepEqual(
    [failed, reasons, oldAfterNew, story.oldAfterReceipt, story.incomplete],
    [0, {}, 0, [], []],
  );
});

for (const [title, of] of [
  ["beside the old one", () => web],
  ["after the old one was stopped", () => zero],
] as const)
  test(`a worker that ends at its start changes nothing: ${title}`, async () => {
    const source = of();
    const before = await replicasOf(server, source.service);
    const load = server.load(source.host, { perSecond: 50 });
    await sleep(300);
    await source.write("page.txt", "bad worker");
    const said = await server.push(source);
    await source.write("page.txt", "good again");
    const { code, message, details, still } = failureOf(said);
    await server.settled(source.service);
    await assertWhole(
      source,
      before.map(({ name }) => `${name} running`),
    );
    const { sent, failed, reasons, byRelease } = await load.stop();
    console.log(`bad worker: ${sent} sent, ${failed} failed, ${Object.keys(byRelease).join(", ")}`);
    assert.equal(code, 1);
    assert.match(message, /^deploy \w+\.worker(\.\d)?: container stopped with exit code 3, /);
    assert.deepEqual(details, ["no queue"]);
    assert.equal(still, `${source.service} still runs release ${before[0]?.release}`);
    assert.deepEqual([failed, reasons], [0, {}]);
  });

test("a rollback brings a process back that the release before it had", async () => {
  const had = releaseOf(await server.mustPush(zero));
  await zero.write("Procfile", "");
  assert.equal(releaseOf(await server.mustPush(zero)), had + 1);
  await assertWhole(zero, whole("zero", had + 1, [1, 0]));
  await server.must(["rollback", "zero", "-r", "prod"]);
  await assertWhole(zero, whole("zero", had + 2, [1, 1]));
  await zero.write("Procfile", "worker: node w.js\n");
});

const moments: readonly (readonly [string, () => Source, Moment])[] = [
  ["while its processes start", () => web, "intent start"],
  ["in the cut-over", () => web, "intent cut-over"],
  ["while the old processes go", () => web, "intent retire"],
  ["after the old processes were stopped", () => zero, "outcome stop-old"],
];
for (const [title, of, moment] of moments)
  test(`mypaas killed ${title}: one release is left, with all its processes`, async () => {
    const source = of();
    const load = server.load(source.host, { perSecond: 50 });
    await sleep(300);
    await source.write("page.txt", `killed ${title}`);
    const journal = nextJournal(server);
    const push = server.startPush(source);
    await journal(moment);
    await server.stopWorker("SIGKILL");
    await server.startWorker();
    const said = await push.done;
    await server.settled(source.service);
    const live = Number((await server.get(source.host)).release.split("/")[1]);
    const own = (await replicasOf(server, source.service)).filter(
      ({ release }) => release === live,
    );
    const count = (process: string) => own.filter((one) => one.process === process).length;
    await assertWhole(source, whole(source.service, live, [count("web"), count("worker")]));
    assert.ok(count("worker") >= 1);
    const { sent, failed, reasons, byRelease } = await load.stop();
    const by = JSON.stringify(byRelease);
    console.log(`killed ${title}: ${sent} sent, ${failed} failed, release ${live}, ${by}`);
    const steps = "SELECT at, phase, step FROM steps WHERE job = (SELECT MAX(id) FROM jobs)";
    if (failed > 0) console.log(said.out, said.err, JSON.stringify(server.query(steps)));
    assert.deepEqual([failed, reasons], [0, {}]);
  });

test("scale, ps, logs and exec know a process by SERVICE.PROCESS", async () => {
  await writeDockerfile(web, { keys: ["scale = 1", "process.worker.scale = 1"] });
  await server.mustPush(web);
  await server.must(["scale", "web.worker", "3", "-r", "prod"]);
  const number = (await replicasOf(server, "web"))[0]?.release ?? 0;
  await assertWhole(web, whole("web", number, [1, 3]));
  await web.write("page.txt", "the scale of the command stays");
  await server.mustPush(web);
  await assertWhole(web, whole("web", number + 1, [1, 3]));
  const overview = (await server.must(["ps", "-r", "prod"])).out;
  assert.match(overview, /^web .* 1 of 1 /m);
  assert.match(overview, /^ {2}\.worker .* 3 of 3 /m);
  const one = (await server.must(["ps", "web", "-r", "prod"])).out;
  assert.match(one, /^worker scaled to 3 by command; its Dockerfile says 1$/m);
  assert.match(one, /^web\.worker\.3 /m);
  const logs = (await server.must(["logs", "web.worker", "-r", "prod"])).out;
  assert.match(
    logs,
    new RegExp(
      `^web\\.worker\\.3 r${number + 1} \\| begins: worker of ${number + 1}, scale 3$`,
      "m",
    ),
  );
  assert.doesNotMatch(logs, /^web\.1/m);
  const command = ["node", "-p", "process.env.MYPAAS_PROCESS"];
  const entered = await server.must([
    "exec",
    "web.worker",
    "--replica",
    "2",
    "-r",
    "prod",
    "--",
    ...command,
  ]);
  assert.equal(entered.out.trim(), "worker");
  const asked = ["-r", "prod", "--", ...command];
  assert.equal((await server.must(["run", "web.worker", ...asked])).out.trim(), "worker");
  assert.equal((await server.must(["run", "web", ...asked])).out.trim(), "undefined");
  const twice = await server.must(["run", "web", "--process", "worker", "--detach", "-r", "prod"]);
  const [own = ""] = twice.out.split(" ");
  const { Config: ran } = await docker.getContainer(own).inspect();
  assert.deepEqual(ran.Cmd, ["node", "w.js"]);
  assert.ok(ran.Env.includes("MYPAAS_PROCESS=worker"));
  await docker.getContainer(own).remove({ force: true });
  const none = await server.run(["run", "web", "--process", "wrker", ...asked]);
  assert.match(none.err, /run web: it has no process "wrker"/);
  const wrong = await server.run(["scale", "web", "2", "--process", "wrker", "-r", "prod"]);
  assert.equal(wrong.code, 1);
  assert.match(
    wrong.err,
    /scale web: it has no process "wrker"\n.*\nhint: its processes are: web, worker/,
  );
  await server.must(["scale", "web.worker", "0", "-r", "prod"]);
  await assertWhole(web, whole("web", number + 2, [1, 0]));
  await server.must(["scale", "web.worker", "1", "-r", "prod"]);
});

test("plan says what changes of processes, and an unchanged push changes nothing", async () => {
  assert.equal(eventOf(await server.mustPush(zero), "receipt").service, "zero");
  assert.equal(eventOf(await server.mustPush(zero), "unchanged").service, "zero");
  await zero.write("Procfile", "worker: node w.js --fast\nmail: node w.js\n");
  const planned = await server.must(["plan", zero.folder, "-r", "prod"]);
  assert.match(planned.out, /process\.mail/);
  assert.match(planned.out, /process\.worker.*node w\.js --fast/);
  await zero.write("Procfile", "worker: node w.js\n");
});

test("stop ends all processes, start brings all, doctor counts all, remove takes all", async () => {
  await server.must(["stop", "zero", "-r", "prod"]);
  assert.deepEqual(await names(zero), []);
  await server.must(["start", "zero", "-r", "prod"]);
  const number = (await replicasOf(server, "zero"))[0]?.release ?? 0;
  await assertWhole(zero, whole("zero", number, [1, 1]));
  const { out } = await server.run(["doctor", "-r", "prod"]);
  assert.match(out, new RegExp(`release ${number}, 2 of 2 replicas run`));
  assert.doesNotMatch(out, /orphan container/);
  await server.must(["remove", "zero", "--yes", "-r", "prod"]);
  assert.deepEqual(await names(zero), []);
});
