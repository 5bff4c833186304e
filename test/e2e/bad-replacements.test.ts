import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { badDockerfile } from "../support/bad-sources.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import type { ProberReport } from "../support/prober.ts";
import { failureOf } from "../support/said-e2e.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";

const name = "t-e2ebad-zero";
const server404 = `require("node:http").createServer((req, res) => res.writeHead(404).end())`;
let server: TestServer;

interface Case {
  readonly what: string;
  readonly program: string;
  readonly keys: readonly string[];
  readonly perSecond: number;
  readonly message: RegExp;
  readonly hint?: string;
  readonly details?: readonly string[];
}

const cases: Readonly<Record<string, Case>> = {
  moved: {
    what: "has another port than the old one and never opens it",
    keys: ["port = 4000"],
    program: `${server404}.listen(4100);`,
    perSecond: 200,
    message: /^deploy moved: listens on port 4100, not on port 4000$/,
    hint: "set # mypaas.port = 4100, or listen on the port in $PORT",
  },
  brief: {
    what: "exits 200 ms after it opened its port, another one than before",
    keys: ["port = 4000"],
    program: `${server404}.listen(4000, () => setTimeout(() => { console.error("lost the database"); process.exit(9); }, 200));`,
    perSecond: 50,
    message: /^deploy brief: container stopped with exit code 9, [\d.]+ m?s after start$/,
    details: ["lost the database"],
  },
  greedy: {
    what: "uses more memory than it may",
    keys: ["maxmem = 64m", "port = 3000"],
    program: `console.log("loading"); const all = []; setInterval(() => all.push(Buffer.alloc(2e7, 1)), 10);`,
    perSecond: 50,
    message:
      /^deploy greedy: container was killed for using more than mypaas\.maxmem = 64m, [\d.]+ m?s after start$/,
    hint: "raise # mypaas.maxmem",
    details: ["loading"],
  },
};

const sources = new Map<string, Source>();
const sourceOf = (service: string): Source => {
  const source = sources.get(service);
  assert.ok(source);
  return source;
};

before(async () => {
  server = await startServer(name);
  for (const service of [...Object.keys(cases), "brittle"]) {
    const keys = [service === "brittle" ? "scale = 2" : "scale = 0"];
    sources.set(service, await makeSource(server, service, { keys }));
  }
  await Promise.all([...sources.values()].map((source) => server.mustPush(source)));
});
after(() => server?.remove());

function count(what: string, report: ProberReport): void {
  const { sent, answered, failed, reasons, byRelease, longest } = report;
  const counts = `${sent} sent, ${answered} answered, ${failed} failed, longest ${longest} ms`;
  console.log(`${what}: ${counts}, ${JSON.stringify({ byRelease, reasons })}`);
}

suite("in place of the only container", { concurrency: true }, () => {
  for (const [service, { what, program, keys, perSecond, ...expected }] of Object.entries(cases))
    test(`a release that ${what} gives the requests that waited to the old one`, async () => {
      const source = sourceOf(service);
      const ids = await server.containers(service, true);
      const load = server.load(source.host, { perSecond });
      await source.write("server.js", program);
      const common = ["scale = 0", "start-timeout = 2s"];
      await source.write("Dockerfile", badDockerfile(source, { keys }, common));
      const failure = failureOf(await server.push(source));
      const report = await load.stop();
      count(failure.message, report);
      const { message, hint, details = [] } = expected;
      assert.match(failure.message, message);
      assert.deepEqual(
        { ...failure, message: "" },
        { code: 1, message: "", hint, details, still: `${service} still runs release 1` },
      );
      assert.deepEqual([report.failed, Object.keys(report.byRelease)], [0, [`${service}/1`]]);
      assert.equal(report.answered, report.sent);
      assert.ok(report.longest > 1_600, "nobody waited");
      assert.deepEqual(await server.containers(service, true), ids);
      // Those who waited may still look for it under the name that was lent.
      const [only, ...others] = await server.containers(service);
      assert.match(only ?? "", /^\S+ running$/);
      assert.deepEqual(others, []);
    });
});

test("a release that ends at its first request does not go live, and the old containers serve on", async () => {
  const source = sourceOf("brittle");
  const ids = await server.containers("brittle", true);
  const load = server.load(source.host);
  await source.write(
    "server.js",
    `require("node:http").createServer(() => { console.error("no such table"); process.exit(5); }).listen(3000);`,
  );
  await writeDockerfile(source, { keys: ["scale = 2", "start-timeout = 2s"] });
  const failure = failureOf(await server.push(source));
  const later = server.load(source.host);
  // Whoever asked it at its end gets no answer; Traefik may try for seconds.
  const report = await load.stop();
  count(failure.message, report);
  const calm = await later.stop();
  count("after it", calm);
  assert.match(
    failure.message,
    /^deploy brittle\.[12]: container stopped (with exit code 5, [\d.]+ m?s after start|just after it had taken over, and was started again)$/,
  );
  assert.equal(failure.still, "brittle still runs release 1");
  assert.ok(failure.details.includes("no such table"));
  assert.deepEqual([calm.failed, Object.keys(calm.byRelease)], [0, ["brittle/1"]]);
  assert.deepEqual(await server.containers("brittle", true), ids);
});
