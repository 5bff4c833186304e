import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { DiskUsage, MetricsAnswer } from "../../src/core/actions/usage.ts";
import { ask } from "../../src/cli/connect/ask.ts";
import type { Action, Results } from "../../src/core/actions/actions.ts";
import { bucketsMs, codeClasses, requestsOf } from "../../src/core/metrics/point.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { runCommand } from "../support/command.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

/** Answers with the status in the path, after so many milliseconds; a file of known size lies in its volume. */
const app = `
console.log("ready");
require("node:fs").writeFileSync("/data/file", Buffer.alloc(3_000_000, 1));
require("node:http").createServer((req, res) => {
  const [, code = "200", ms = "0"] = req.url.split("/");
  setTimeout(() => res.writeHead(Number(code) || 200).end("page"), Number(ms) || 0);
}).listen(Number(process.env.PORT));
`;
/** By path: 300 in all. */
const wanted: Readonly<Record<string, number>> = {
  "/200": 200,
  "/200/300": 30,
  "/204": 10,
  "/301": 10,
  "/404": 30,
  "/500": 15,
  "/503": 5,
};
const classes = { "2xx": 240, "3xx": 10, "4xx": 30, "5xx": 20 };

let server: TestServer;
let web: Source;

before(async () => {
  server = await startServer("t-e2estats");
  web = await makeSource(server, "web", {
    keys: ["scale = 1", "volume = data:/data"],
    files: { "server.js": app },
  });
  await server.mustPush(web);
});
after(() => server?.remove());

/** Asks as root on the server. */
async function asked<A extends Action>(action: A): Promise<Results[A["action"]]> {
  const found: Results[A["action"]][] = [];
  await runCommand({ env: { MYPAAS_RUN_DIR: server.instance.runDir } }, async (io) => {
    found.push(await ask(action, {}, io));
    return 0;
  });
  const [result] = found;
  assert.ok(result !== undefined);
  return result;
}

async function stats(): Promise<MetricsAnswer> {
  const { out } = await server.must(["stats", "web", "--json", "-r", "prod"]);
  return JSON.parse(out) as MetricsAnswer;
}

/** All classes of the service together. */
function countOf({ services: [own] }: MetricsAnswer) {
  const points = own?.points ?? [];
  const sum = (of: (one: (typeof points)[number]) => number) =>
    points.reduce((total, one) => total + of(one), 0);
  return {
    sent: Object.fromEntries(codeClasses.map((name) => [name, sum((one) => one.sent[name])])),
    requests: sum(requestsOf),
    buckets: Array.from({ length: bucketsMs.length + 1 }, (_, at) =>
      sum(({ buckets }) => buckets[at] ?? 0),
    ),
    cpu: sum((one) => one.cpu),
    memory: Math.max(0, ...points.map((one) => one.memory)),
  };
}

/** Waits for the samples that have so many requests, and the processor time between two of them. */
async function until(requests: number) {
  for (let tries = 0; ; tries += 1) {
    const count = countOf(await stats());
    if ((count.requests >= requests && count.cpu > 0) || tries === 30) return count;
    await sleep(1_500);
  }
}

async function send(paths: Readonly<Record<string, number>>): Promise<number> {
  const all = Object.entries(paths).flatMap(([path, count]) =>
    Array.from({ length: count }, () => path),
  );
  const turn = async (from: number) => {
    for (let at = from; at < all.length; at += 10) {
      const path = all[at] ?? "/";
      assert.equal((await server.get(web.host, path)).status, Number(path.split("/")[1]));
    }
  };
  await Promise.all(Array.from({ length: 10 }, (_, from) => turn(from)));
  return all.length;
}

test("stats has exactly the requests that were sent, by class and time, and none of mypaas itself", async () => {
  const sent = await send(wanted);
  // Its switch asks the routes too.
  await server.must(["restart", "web", "-r", "prod"]);
  await server.settled("web");
  const count = await until(sent);
  console.log(`stats: ${sent} sent, ${JSON.stringify(count)}`);
  assert.equal(count.requests, sent);
  assert.deepEqual(count.sent, classes);
  assert.equal(
    count.buckets.reduce((sum, one) => sum + one, 0),
    sent,
  );
  const slow = count.buckets.slice(bucketsMs.indexOf(250) + 1).reduce((sum, one) => sum + one, 0);
  assert.ok(slow >= (wanted["/200/300"] ?? 0), "requests of 300 ms took longer than 250 ms");
  assert.ok(count.cpu > 0 && count.memory > 1e6);
});

test("the counts outlive the worker, and go on in the next one", async () => {
  await server.stopWorker();
  await server.startWorker();
  const { sent, requests } = countOf(await stats());
  assert.deepEqual(sent, classes);
  // The new worker counts once it has a sample.
  for (let tries = 0; tries < 30; tries += 1) {
    const [own] = (await asked({ action: "metrics", service: "web" })).services;
    if ((own?.totals.replicas ?? 0) > 0) break;
    await sleep(1_000);
  }
  const more = await send({ "/200": 12 });
  const count = await until(requests + more);
  console.log(`stats: ${more} more after the restart, ${count.requests} in all`);
  assert.equal(count.requests, requests + more);
});

test("people see a line for each service, and charts with the releases of one", async () => {
  const all = await server.must(["stats", "-r", "prod"]);
  assert.match(all.out, /^service .* requests +p50 +p95 +4xx +5xx +cpu +memory$/m);
  assert.match(all.out, /^web .* 312 +.* 30 +20 /m);
  const one = await server.must(["stats", "web", "--since", "10m", "-r", "prod"]);
  assert.match(one.out, /^web, last 10 min: 312 requests, 30 with 4xx, 20 with 5xx,/);
  assert.match(one.out, /^ release .*\^\d/m);
  const unknown = await server.run(["stats", "nope", "-r", "prod"]);
  assert.equal(unknown.code, 1);
  assert.match(unknown.err, /service nope: not known here/);
});

test("jobs are listed with their release and receipt, and each has its steps", async () => {
  const { jobs } = await asked({ action: "job.list", service: "web" });
  assert.deepEqual(
    jobs.map(({ kind, state, release }) => [kind, state, release]),
    [
      ["restart", "done", 2],
      ["push", "done", 1],
    ],
  );
  const [restart] = jobs;
  assert.equal(restart?.receipt?.failed, 0);
  const { steps } = await asked({ action: "job.steps", job: restart?.job ?? 0 });
  const names = steps.map(({ step }) => step);
  console.log(`steps: ${steps.map(({ step, ms }) => `${step} ${ms} ms`).join(", ")}`);
  for (const name of ["queue", "hold", "start", "ready", "cut-over", "drain"])
    assert.ok(names.includes(name), name);
  assert.ok(steps.every(({ ms }) => ms !== undefined));
});

test("disk says of a service, of the state and of the volumes what Docker and du say", async () => {
  const paths = instancePaths(server.instance);
  const du = (...args: readonly string[]) =>
    Number(
      execFileSync("du", ["-sB1", ...args])
        .toString()
        .split("\t")[0],
    );
  const before = [du(server.instance.stateDir), du(paths.blobs)] as const;
  const disk = await asked({ action: "disk" });
  const after = [du(server.instance.stateDir), du(paths.blobs)] as const;
  const df = (await docker.df()) as {
    readonly Images: readonly {
      readonly Id: string;
      readonly Labels: Record<string, string> | null;
    }[];
    readonly Volumes: readonly {
      readonly Name: string;
      readonly UsageData: { readonly Size: number };
    }[];
  };
  const bytes = (kind: DiskUsage["owners"][number]["kind"], owner?: string) =>
    disk.owners
      .filter((one) => one.kind === kind && (owner ?? one.owner) === one.owner)
      .reduce((sum, one) => sum + one.bytes, 0);
  const volume = df.Volumes.find(({ Name }) => Name === `${server.instance.name}-web-data`);
  console.log(`disk: ${JSON.stringify(disk.owners)}, du ${before.join("+")}`);
  assert.equal(bytes("volumes", "web"), volume?.UsageData.Size);
  assert.ok(bytes("volumes", "web") >= 3_000_000);
  const own = bytes("state", "mypaas") + bytes("blobs");
  // The worker writes meanwhile.
  assert.ok(own >= Math.min(before[0], after[0]) && own <= Math.max(before[0], after[0]), `${own}`);
  assert.ok(bytes("logs", "web") > 0 && bytes("images", "web") > 0);
  assert.ok(disk.total > disk.free && disk.free > 0);
});
