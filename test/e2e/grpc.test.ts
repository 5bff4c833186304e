import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, credentials, type Metadata, type ServiceError } from "@grpc/grpc-js";
import { bundledApp } from "../support/bundled-app.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";

/** An echo that adds how often it has seen the call, a stream of ten messages within a second, and gRPC's health service; messages are bytes. */
const app = `
  import { Server, ServerCredentials } from "@grpc/grpc-js";
  import { readFileSync } from "node:fs";
  const page = readFileSync("page.txt", "utf8");
  const bytes = { requestSerialize: (b) => b, requestDeserialize: (b) => b, responseSerialize: (b) => b, responseDeserialize: (b) => b };
  const method = (path, responseStream) => ({ path, requestStream: false, responseStream, ...bytes });
  const seen = new Map();
  const server = new Server();
  server.addService(
    { echo: method("/test.Echo/Say", false), count: method("/test.Echo/Count", true), check: method("/grpc.health.v1.Health/Check", false) },
    {
      echo: (call, done) => {
        const times = (seen.get(String(call.request)) ?? 0) + 1;
        seen.set(String(call.request), times);
        done(null, Buffer.concat([call.request, Buffer.from([times])]));
      },
      count: (call) => {
        let n = 0;
        const timer = setInterval(() => {
          call.write(Buffer.from([n]));
          n += 1;
          if (n < 10) return;
          clearInterval(timer);
          call.end();
        }, 80);
      },
      check: (call, done) => done(null, Buffer.from([8, page.includes("sick") ? 2 : 1])),
    },
  );
  process.on("SIGTERM", () => server.tryShutdown(() => process.exit(0)));
  server.bindAsync("0.0.0.0:" + process.env.PORT, ServerCredentials.createInsecure(), () => {});
`;

const keys = [
  "protocol = h2c",
  "healthcheck = /grpc.health.v1.Health/Check 1s",
  "drain-timeout = 4s",
];
let server: TestServer;
let rpc: Source;

before(async () => {
  server = await startServer("t-e2e-grpc");
  const files = { "server.js": await bundledApp(app) };
  rpc = await makeSource(server, "rpc", { keys: [...keys, "scale = 2"], files });
  await server.mustPush(rpc);
});
after(() => server?.remove());

const same = (bytes: Buffer): Buffer => bytes;

/** A client of gRPC through Traefik's http port, and what became of its calls. */
function load() {
  const client = new Client(`127.0.0.1:${server.instance.httpPort}`, credentials.createInsecure(), {
    "grpc.default_authority": rpc.host,
  });
  const counts = { unary: 0, streams: 0, ok: 0, wrong: 0, byOldAfterNew: 0, twice: 0 };
  const failures: Record<string, number> = {};
  const releases: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  let newest = 0;
  const answered = (metadata: Metadata, begunWith: number): void => {
    const release = String(metadata.get("x-mypaas-release")[0] ?? "none");
    releases[release] = (releases[release] ?? 0) + 1;
    const number = Number(release.split("/")[1] ?? 0);
    if (number < begunWith) counts.byOldAfterNew += 1;
    newest = Math.max(newest, number);
  };
  const failed = (error: ServiceError): void => {
    const reason = `${error.code} ${error.details.slice(0, 80)}`;
    failures[reason] = (failures[reason] ?? 0) + 1;
  };
  const say = (n: number): Promise<void> =>
    new Promise((resolve) => {
      const sent = Buffer.from(`call ${n}`);
      const begunWith = newest;
      counts.unary += 1;
      client
        .makeUnaryRequest("/test.Echo/Say", same, same, sent, (error, answer) => {
          if (error !== null) failed(error);
          else if (answer?.subarray(0, -1).equals(sent) === true) counts.ok += 1;
          else counts.wrong += 1;
          if ((answer?.at(-1) ?? 0) > 1) counts.twice += 1;
          resolve();
        })
        .on("metadata", (metadata: Metadata) => answered(metadata, begunWith));
    });
  const count = (): Promise<void> =>
    new Promise((resolve) => {
      const begunWith = newest;
      const seen: number[] = [];
      counts.streams += 1;
      client
        .makeServerStreamRequest("/test.Echo/Count", same, same, Buffer.alloc(0))
        .on("metadata", (metadata: Metadata) => answered(metadata, begunWith))
        .on("data", (message: Buffer) => seen.push(message[0] ?? -1))
        .on("error", (error: ServiceError) => {
          failed(error);
          resolve();
        })
        .on("end", () => {
          if (seen.join() === "0,1,2,3,4,5,6,7,8,9") counts.ok += 1;
          else counts.wrong += 1;
          resolve();
        });
    });
  let n = 0;
  const timer = setInterval(() => {
    n += 1;
    const call = n % 10 === 0 ? count() : say(n);
    pending.add(call);
    void call.then(() => pending.delete(call));
  }, 20);
  return {
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      client.close();
      return { counts, failures, releases };
    },
  };
}

type Report = Awaited<ReturnType<ReturnType<typeof load>["stop"]>>;

function assertLossless(
  { counts, failures, releases }: Report,
  receipts: readonly unknown[],
): void {
  console.log(JSON.stringify({ ...counts, failures, releases, failedByReceipts: receipts }));
  assert.deepEqual(failures, {});
  assert.deepEqual([counts.wrong, counts.byOldAfterNew], [0, 0]);
  assert.equal(counts.ok, counts.unary + counts.streams);
  assert.ok(counts.streams > 0 && receipts.every((failed) => failed === 0));
}

test("unary and streaming calls go through five deploys, and none is lost", async () => {
  const calls = load();
  await sleep(500);
  const receipts: unknown[] = [];
  for (const n of [1, 2, 3, 4, 5]) {
    await rpc.write("page.txt", `page ${n}`);
    receipts.push(eventOf(await server.mustPush(rpc), "receipt").failed);
  }
  await sleep(300);
  const report = await calls.stop();
  assertLossless(report, receipts);
  assert.equal(report.counts.twice, 0);
});

test("calls wait where the old release stops first, and none is lost", async () => {
  await writeDockerfile(rpc, { keys });
  await server.mustPush(rpc);
  const calls = load();
  const receipts: unknown[] = [];
  for (const n of [1, 2]) {
    await rpc.write("page.txt", `alone ${n}`);
    receipts.push(eventOf(await server.mustPush(rpc), "receipt").failed);
  }
  await sleep(300);
  assertLossless(await calls.stop(), receipts);
});

test("a release whose health service does not serve is refused in words", async () => {
  await writeDockerfile(rpc, { keys: [...keys, "scale = 1", "start-timeout = 3s"] });
  await rpc.write("page.txt", "sick");
  const said = await server.push(rpc);
  const { message } = eventOf(said, "failed");
  console.log(message);
  assert.equal(said.code, 1);
  assert.match(
    message,
    /^deploy rpc: \/grpc\.health\.v1\.Health\/Check still answers NOT_SERVING after 3/,
  );
});

test("a release that speaks HTTP/1 only is found before the switch", async () => {
  await rpc.write("page.txt", "well");
  const plain = `require("node:http").createServer((_q, r) => r.end("hello")).listen(Number(process.env.PORT));`;
  await rpc.write("server.js", plain);
  await writeDockerfile(rpc, { keys: ["protocol = h2c", "scale = 1", "start-timeout = 2s"] });
  const { message, hint } = eventOf(await server.push(rpc), "failed");
  console.log(message);
  assert.match(
    message,
    /^deploy rpc: port 3000 does not speak HTTP\/2 without TLS \(h2c\) after 2/,
  );
  assert.equal(hint, "remove # mypaas.protocol = h2c, or let the service speak it");
});
