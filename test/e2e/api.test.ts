import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { installPackages } from "../../scripts/machine/packages.ts";
import { has, run } from "../../scripts/machine/run.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import { apiBase, longApiBase } from "../../src/core/api/endpoint.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import {
  askApi,
  describedClient,
  readDescription,
  type ApiAnswer,
  type ApiPlace,
  type Described,
} from "../support/openapi.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

const root = dirname(dirname(import.meta.dirname));
const domain = "localhost";
const all = "push,env,logs,manage";
let server: TestServer;
let web: Source;
let described: Described;
let place: ApiPlace;
let client: ReturnType<typeof describedClient>;

before(async () => {
  server = await startServer("t-e2eapi", { init: ["--domain", domain, "--api"] });
  web = await makeSource(server, "web", { keys: ["scale = 2"] });
  await server.mustPush(web);
  described = await readDescription();
  const token = await create("all", "--services", "*", "--actions", all);
  place = { port: server.instance.httpsPort, host: domain, base: apiBase, token };
  client = describedClient(described, place);
});
after(() => server?.remove());

const create = async (...args: readonly string[]): Promise<string> =>
  (await server.must(["token", "create", ...args, "-r", "prod"])).out.trim();

const call: typeof client.call = (id, calling) => client.call(id, calling);
const service = "web";

/** What ended, of the events of a job. */
async function endOf(begun: ApiAnswer) {
  assert.equal(begun.status, 202, begun.text);
  const job = Number(begun.json["job"]);
  const log = await call("getJobsOfJobEvents", { with: { job } });
  const events = log.text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  await server.settled(service);
  return { job, log: log.text, kinds: events.map(({ kind }) => kind) };
}

async function lossless(what: string, work: () => Promise<unknown>): Promise<void> {
  const load = server.load(web.host);
  await work();
  const { sent, failed, oldAfterNew, reasons } = await load.stop();
  console.log(`${what}: ${sent} sent, ${failed} failed, ${oldAfterNew} old after new`);
  assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
}

test("what there is, is read as it is described", async () => {
  const listed = await call("getServices");
  assert.deepEqual(
    (listed.json["services"] as { service: string }[]).map((one) => one.service),
    ["web"],
  );
  assert.equal((await call("getServicesOfService", { with: { service } })).json["state"], "live");
  const containers = await call("getContainers");
  assert.deepEqual(
    (containers.json["containers"] as { container: string }[]).map((one) => one.container),
    ["web.1", "web.2"],
  );
  await call("getContainersOfContainer", { with: { container: "web.2" } });
  const own = await call("getServicesOfServiceReleases", { with: { service } });
  assert.equal((own.json["releases"] as unknown[]).length, 1);
  for (const id of [
    "getReleases",
    "getLinks",
    "getCertificates",
    "getServer",
    "getDoctor",
    "getDisk",
  ])
    assert.equal((await call(id)).status, 200, id);
  const [one] = (await call("getJobs")).json["jobs"] as { job: number }[];
  assert.equal((await call("getJobsOfJob", { with: { job: 1 } })).json["job"], one?.job);
  await call("getJobsOfJobSteps", { with: { job: 1 } });
  const build = await askApi(place, { method: "GET", path: "/builds/1" });
  assert.equal(build.json["state"], "done");
  const unknown = await call("getJobsOfJob", { with: { job: 99 } });
  assert.deepEqual([unknown.status, codeOf(unknown)], [404, "no-job"]);
  for (const id of ["Env", "Removal", "Maintenance", "Jobs"])
    assert.equal((await call(`getServicesOfService${id}`, { with: { service } })).status, 200, id);
  const over = await call("getServicesOfServiceMetrics", { with: { service, sinceMs: 600_000 } });
  assert.deepEqual(
    (over.json["services"] as { service: string }[]).map((one) => one.service),
    ["web"],
  );
  const sums = await call("getMetrics");
  assert.equal(sums.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.match(sums.text, /^mypaas_requests_total\{service="web",code="2xx"\} \d+$/m);
  const apps = await askApi(place, { method: "GET", path: "/apps/web" });
  assert.equal(apps.json["service"], "web");
  const long = { ...place, host: web.host, base: longApiBase };
  assert.equal((await askApi(long, { method: "GET", path: "/apps" })).status, 200);
  const own2 = await askApi(place, { method: "GET", path: "/openapi.json" });
  assert.deepEqual(own2.json, described.document);
});

test("who asks again gets 304 until there is news", async () => {
  const first = await call("getServices");
  const tag = String(first.headers["etag"]);
  const again = await call("getServices", { with: { "If-None-Match": tag } });
  assert.deepEqual([again.status, again.text], [304, ""]);
});

test("a service is scaled, restarted once and brought back under load, and no request fails", async () => {
  const headers = { "Idempotency-Key": "restart-1" };
  const restart = () => call("postServicesOfServiceRestart", { with: { service, ...headers } });
  await lossless("deploys by the API", async () => {
    const scaled = await endOf(
      await call("postServicesOfServiceScale", { with: { service }, body: { replicas: 1 } }),
    );
    assert.ok(scaled.kinds.includes("live"), scaled.log);
    const { job } = await endOf(await restart());
    const again = await restart();
    assert.deepEqual([again.status, again.json["job"]], [202, job]);
    const back = await call("postServicesOfServiceDeploy", {
      with: { service },
      body: { release: 1 },
    });
    assert.ok((await endOf(back)).kinds.includes("live"));
  });
  const other = await call("postServicesOfServiceStop", { with: { service, ...headers } });
  assert.deepEqual([other.status, codeOf(other)], [409, "repeated"]);
  const restarts = server.query("SELECT id FROM jobs WHERE action = 'restart'").length;
  console.log(`3 requests with one word: ${restarts} job`);
  assert.equal(restarts, 1);
});

test("values are set for the next push, and never shown", async () => {
  const set = { LATER: "dark green" };
  const body = { set, stage: true };
  const staged = await call("postServicesOfServiceEnv", { with: { service }, body });
  assert.equal(staged.status, 200, staged.text);
  const listed = await call("getServicesOfServiceEnv", { with: { service } });
  assert.match(listed.text, /LATER/);
  await call("deleteServicesOfServiceEnv", { with: { service, names: "LATER", stage: true } });
  const kept = JSON.stringify(server.query("SELECT body FROM requests"));
  assert.ok(!`${staged.text}${listed.text}${kept}`.includes("dark green"));
});

const codeOf = ({ json }: ApiAnswer): unknown =>
  (json["error"] as { code: string } | undefined)?.code;

test("what an endpoint does not do, it says with the way that does", async () => {
  const settings = await call("putServicesOfService", { with: { service } });
  assert.deepEqual([settings.status, codeOf(settings)], [405, "in-dockerfile"]);
  assert.equal(settings.headers["allow"], "GET, DELETE");
  for (const id of ["Start", "Stop"]) {
    const one = await call(`postContainersOfContainer${id}`, { with: { container: "web.1" } });
    assert.deepEqual([one.status, codeOf(one)], [409, "belongs-to-release"]);
  }
  const notBuilt = [
    await call("postServices"),
    await call("postServicesOfServiceBuilds", { with: { service } }),
    await call("getWsBuildsOfJobLogs", { with: { job: 1 } }),
  ];
  for (const one of notBuilt) assert.deepEqual([one.status, codeOf(one)], [501, "not-built"]);
  const unlinked = await call("postServicesOfServiceBuildsGit", { with: { service }, body: {} });
  assert.deepEqual([unlinked.status, codeOf(unlinked)], [404, "no-link"]);
  const ended = await call("postJobsOfJobCancel", { with: { job: 1 } });
  assert.deepEqual([ended.status, codeOf(ended)], [409, "nothing-to-cancel"]);
  const unknown = await call("getServicesOfService", { with: { service: "nobody" } });
  assert.deepEqual([unknown.status, codeOf(unknown)], [404, "no-service"]);
  const zero = await call("postServicesOfServiceScale", {
    with: { service },
    body: { replicas: 0 },
  });
  assert.deepEqual([zero.status, codeOf(zero)], [400, "bad-request"]);
});

test("logs and the log of a job come as lines, and as server-sent events from where a reader was", async () => {
  await call("getServicesOfServiceLogs", { with: { service, lines: 5 } });
  await call("getContainersOfContainerLogs", { with: { container: "web.1", lines: 5 } });
  const path = "/jobs/1/events";
  const accept = { accept: "text/event-stream" };
  const whole = await askApi(place, { method: "GET", path, headers: accept });
  assert.equal(whole.headers["content-type"], "text/event-stream");
  const ids = (text: string) => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
  const offsets = ids(whole.text);
  assert.deepEqual(offsets, [...offsets.keys()]);
  assert.match(whole.text, /^event: live\n|\nevent: live\n/);
  assert.ok(whole.text.endsWith("event: end\ndata: {}\n\n"));
  const last = { ...accept, "last-event-id": "2" };
  const rest = await askApi(place, { method: "GET", path, headers: last });
  assert.deepEqual(ids(rest.text), offsets.slice(3));
  console.log(`${offsets.length} events, ${ids(rest.text).length} after the third`);
});

test("a token does what it says and no more, and without one there is nothing", async () => {
  const readOnly = await create("stats", "--services", "*", "--read-only");
  const other = await create("other", "--services", "api", "--actions", all);
  const wrong: readonly (readonly [string, string, string, number])[] = [
    ["", "GET", "/services", 401],
    ["nonsense", "GET", "/services", 401],
    [`${place.token}x`, "GET", "/services", 401],
    [place.token.slice(0, -8), "GET", "/services", 401],
    [readOnly, "GET", "/services/web", 200],
    [readOnly, "POST", "/services/web/restart", 403],
    [readOnly, "DELETE", "/services/web?confirm=web", 403],
    [other, "GET", "/services/web", 403],
    [other, "POST", "/services/web/stop", 403],
    [other, "GET", "/services/web/logs", 403],
    [other, "GET", "/jobs/1/events", 404],
    [other, "GET", "/doctor", 403],
    [place.token, "GET", "/nothing", 404],
    [place.token, "POST", "/doctor", 405],
    [place.token, "DELETE", "/services/web", 400],
  ];
  for (const [token, method, path, status] of wrong) {
    const answer = await askApi(place, { method, path, token });
    assert.equal(answer.status, status, `${method} ${path}: ${answer.text}`);
    if (status === 401) assert.equal(answer.headers["www-authenticate"], "Bearer");
    if (status >= 400) assert.equal(typeof codeOf(answer), "string", answer.text);
    if (token !== "") assert.ok(!answer.text.includes(token), "no answer shows a token");
  }
  const seen = (await askApi(place, { method: "GET", path: "/services", token: other })).json;
  assert.deepEqual(seen["services"], []);
  const inQuery = await askApi(place, {
    method: "GET",
    path: `/services?token=${other}`,
    token: "",
  });
  assert.equal(inQuery.status, 401);
  await server.must(["token", "revoke", readOnly, "-r", "prod"]);
  const revoked = await askApi(place, { method: "GET", path: "/services", token: readOnly });
  assert.equal(revoked.status, 401, revoked.text);
  assert.equal((await server.get(web.host)).status, 200);
});

test("hostile requests are refused in words, and the next one is served", async () => {
  const path = "/services/web/env";
  const ask = (headers: Readonly<Record<string, string>>, body?: unknown) =>
    askApi(place, { method: "POST", path, headers, body });
  const large = await ask({}, { set: { A: "x".repeat(3 * 1024 * 1024) } });
  assert.equal(large.status, 413, large.text);
  assert.equal((await ask({}, new Uint8Array([0xff, 0xfe, 0x00]))).status, 400);
  assert.equal(
    (await ask({ "idempotency-key": "x".repeat(300) }, { set: { A: "1" } })).status,
    400,
  );
  for (const address of [
    "/services/..%2f..%2fetc",
    "/services/%00",
    `/services/${"a".repeat(4000)}`,
    "/services/web/logs?lines=-1",
    "/services/__proto__",
    "/jobs/99999999999999999999/events",
  ]) {
    const { status } = await askApi(place, { method: "GET", path: address });
    assert.ok(status >= 400 && status < 500, `${address}: ${status}`);
  }
  assert.equal((await askApi(place, { method: "GET", path: "/services" })).status, 200);
});

test("a receiver that was taken over can do what the tokens that it saw can do, and nothing else", async () => {
  const narrow = await create("narrow", "--services", "blog", "--actions", "logs", "--days", "1");
  const [socketPath, port] = [instancePaths(server.instance).receiverSocket, 0];
  const own = { ...place, port, socketPath, token: narrow };
  const ask = (method: string, path: string, token = narrow, body?: object) =>
    askApi(own, { method, path, token, ...(body !== undefined && { body }) });
  assert.deepEqual((await ask("GET", "/services")).json["services"], []);
  let refused = 0;
  // Right in all but the token: what is not understood would be refused whoever asks.
  const bodies: Readonly<Record<string, object>> = {
    postServicesOfServiceScale: { replicas: 2 },
    postServicesOfServiceEnv: { set: { A: "1" } },
    putServicesOfServiceMaintenance: { on: true },
  };
  const deleted = (path: string) => (path.endsWith("/env") ? "?names=A" : "?confirm=web");
  for (const { operationId, method, path } of described.operations) {
    const address = path
      .replace("{service}", "web")
      .replace("{container}", "web.1")
      .replace("{job}", "1");
    for (const token of ["", `${narrow}x`, narrow]) {
      const query = method === "DELETE" ? deleted(path) : "";
      const { status, text } = await ask(method, address + query, token, bodies[operationId]);
      assert.notEqual(status, 400, `${method} ${address}: ${text}`);
      if (status >= 400) refused += 1;
      else assert.ok(method === "GET" && token === narrow, `${method} ${address}: ${text}`);
      if (status < 300)
        assert.ok(!text.includes('"service":"web"'), `${method} ${address}: ${text}`);
    }
  }
  const jobs = server.query("SELECT id FROM jobs").length;
  const before = await ask("POST", "/services/web/restart", narrow);
  assert.equal(before.status, 403);
  assert.equal(server.query("SELECT id FROM jobs").length, jobs);
  console.log(`as the receiver: ${refused} requests refused, 0 jobs begun`);
});

test("the session in docs/api.md runs word for word", async () => {
  const page = await readFile(join(root, "docs", "api.md"), "utf8");
  const session = /```sh\n([^]*?)```/.exec(page)?.[1] ?? "";
  if (!(await has("curl"))) await installPackages(["curl"], "the session of docs/api.md");
  const folder = join(server.instance.folder, "session");
  await mkdir(folder);
  const { httpsPort, program, env } = server.instance;
  const to = `connect-to = "paas.example.com:443:localhost:${httpsPort}"`;
  // The certificate is the server's own, and its name on this machine is localhost.
  await writeFile(join(folder, ".curlrc"), `insecure\n${to}\nheader = "Host: localhost"\n`);
  const laptop = `#!/bin/sh\nexec ${process.execPath} ${program} "$@"\n`;
  await writeFile(join(folder, "mypaas"), laptop, { mode: 0o755 });
  const path = `${folder}:${process.env["PATH"] ?? ""}`;
  const ran = await run("bash", ["-euo", "pipefail", "-c", session], {
    env: { ...env, CURL_HOME: folder, PATH: path },
  });
  console.log(`session of docs/api.md: exit code ${ran.code}, ${ran.out.length} characters`);
  assert.equal(ran.code, 0, ran.out + ran.err);
  await server.settled(service);
  assert.match(ran.out, /"service":"web"/);
  assert.match(ran.out, /"job":\d+/);
  assert.match(ran.out, /"kind":"live","service":"web"/);
  assert.doesNotMatch(ran.out, /"error"/);
});

test("a service is stopped, started, put into maintenance and removed", async () => {
  const on = await call("putServicesOfServiceMaintenance", {
    with: { service },
    body: { on: true },
  });
  assert.equal(on.json["on"], true);
  await call("putServicesOfServiceMaintenance", { with: { service }, body: {} });
  const stopped = await endOf(await call("postServicesOfServiceStop", { with: { service } }));
  assert.ok(stopped.kinds.includes("stopped"), stopped.log);
  const started = await endOf(await call("postServicesOfServiceStart", { with: { service } }));
  assert.ok(started.kinds.includes("live"), started.log);
  assert.equal((await server.get(web.host)).status, 200);
  const removed = await call("deleteServicesOfService", { with: { service, confirm: service } });
  assert.equal(removed.status, 202, removed.text);
  await server.settled(service);
  assert.deepEqual((await call("getServices")).json["services"], []);
});

test("every operation that is described was called", () => {
  const missing = described.operations.filter(({ operationId }) => !client.called.has(operationId));
  assert.deepEqual(
    missing.map(({ operationId }) => operationId),
    [],
  );
});
