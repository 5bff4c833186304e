import assert from "node:assert/strict";
import { after, before, test } from "node:test";
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

const domain = "paas.example.test";
const all = "push,env,logs,manage";
let server: TestServer;
let web: Source;
let described: Described;
let place: ApiPlace;
let client: ReturnType<typeof describedClient>;

before(async () => {
  server = await startServer("t-e2eapi", { init: ["--domain", domain, "--api"] });
  web = await makeSource(server, "web", { keys: ["scale = 2", "healthcheck = /health"] });
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
  const job = Number(begun.json?.["job"]);
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
    (listed.json?.["services"] as { service: string }[]).map((one) => one.service),
    ["web"],
  );
  assert.equal((await call("getServicesOfService", { with: { service } })).json?.["state"], "live");
  const containers = await call("getContainers");
  assert.deepEqual(
    (containers.json?.["containers"] as { container: string }[]).map((one) => one.container),
    ["web.1", "web.2"],
  );
  await call("getContainersOfContainer", { with: { container: "web.2" } });
  const own = await call("getServicesOfServiceReleases", { with: { service } });
  assert.equal((own.json?.["releases"] as unknown[]).length, 1);
  for (const id of ["getReleases", "getLinks", "getCertificates", "getServer", "getDoctor"])
    assert.equal((await call(id)).status, 200, id);
  for (const id of ["Env", "Removal", "Maintenance"])
    assert.equal((await call(`getServicesOfService${id}`, { with: { service } })).status, 200, id);
  const apps = await askApi(place, { method: "GET", path: "/apps/web" });
  assert.equal(apps.json?.["service"], "web");
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

test("a service is scaled, restarted and given values under load, and no request fails", async () => {
  await lossless("deploys by the API", async () => {
    const scaled = await endOf(
      await call("postServicesOfServiceScale", { with: { service }, body: { replicas: 1 } }),
    );
    assert.ok(scaled.kinds.includes("live"), scaled.log);
    await endOf(await call("postServicesOfServiceRestart", { with: { service } }));
    const set = { COLOUR: "dark green" };
    const valued = await endOf(
      await call("postServicesOfServiceEnv", { with: { service }, body: { set } }),
    );
    assert.ok(!valued.log.includes("dark green"));
    await endOf(await call("deleteServicesOfServiceEnv", { with: { service, names: "COLOUR" } }));
    const back = await call("postServicesOfServiceDeploy", {
      with: { service },
      body: { release: 1 },
    });
    assert.ok((await endOf(back)).kinds.includes("live"));
  });
  const staged = await call("postServicesOfServiceEnv", {
    with: { service },
    body: { set: { LATER: "yes" }, stage: true },
  });
  assert.equal(staged.status, 200, staged.text);
});

test("the same request with the same word begins one job", async () => {
  const headers = { "Idempotency-Key": "restart-1" };
  const restart = () => call("postServicesOfServiceRestart", { with: { service, ...headers } });
  const first = await restart();
  const { job } = await endOf(first);
  const second = await restart();
  assert.deepEqual([second.status, second.json?.["job"]], [202, job]);
  const other = await call("postServicesOfServiceStop", { with: { service, ...headers } });
  assert.deepEqual([other.status, codeOf(other)], [409, "repeated"]);
  const restarts = server.query("SELECT id FROM jobs WHERE action = 'restart'").length;
  console.log(`3 requests with one word: ${restarts - 1} job`);
  assert.equal(restarts, 2);
});

const codeOf = ({ json }: ApiAnswer): unknown =>
  (json?.["error"] as { code: string } | undefined)?.code;
