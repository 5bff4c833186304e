import assert from "node:assert/strict";
import { Agent, request } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

let server: TestServer;
let web: Source;
const instance = "t-e2e-maintain";

before(async () => {
  server = await startServer(instance);
  web = await makeSource(server, "web", { keys: ["scale = 2", "healthcheck = /health"] });
  await server.mustPush(web);
});
after(() => server?.remove());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

function get(accept = "text/html", agent: Agent | false = false): Promise<Answer> {
  const { httpPort: port } = server.instance;
  const headers = { host: web.host, accept, cookie: "session=secret", authorization: "Basic x" };
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, headers, agent, timeout: 20_000 };
    const asked = request({ ...options, path: "/" }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (text: string) => (body += text));
      response.on("error", reject).on("end", () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    });
    asked.on("error", reject).on("timeout", () => asked.destroy(new Error("no answer in 20 s")));
    asked.end();
  });
}

/** The whole answer of a maintenance, with its text. */
const isPage = ({ status, headers, body }: Answer, text: string): boolean =>
  status === 503 && headers["retry-after"] === "60" && body.includes(text);

/** 200 requests a second; an answer that is neither the service's nor the page is `wrong`. */
function load(text: string) {
  const agent = new Agent({ keepAlive: true });
  const counts = { sent: 0, ok: 0, page: 0, wrong: 0, okWhileClosed: 0, pageWhileOpen: 0 };
  const wrong: Record<string, number> = {};
  const pending = new Set<Promise<void>>();
  let known: "open" | "closed" | "between" = "open";
  const one = async (): Promise<void> => {
    const begun = known;
    counts.sent += 1;
    try {
      const answer = await get("text/html", agent);
      if (answer.status === 200) counts.ok += 1;
      else if (isPage(answer, text)) counts.page += 1;
      else throw new Error(`${answer.status} ${answer.body.slice(0, 60)}`);
      if (answer.status === 200 && begun === "closed") counts.okWhileClosed += 1;
      if (answer.status === 503 && begun === "open" && known === "open") counts.pageWhileOpen += 1;
    } catch (error) {
      counts.wrong += 1;
      const reason = error instanceof Error ? error.message : String(error);
      wrong[reason] = (wrong[reason] ?? 0) + 1;
    }
  };
  const timer = setInterval(() => {
    const asked = one();
    pending.add(asked);
    void asked.then(() => pending.delete(asked));
  }, 5);
  return {
    /** What a request that begins from now on may see. */
    now: (state: typeof known) => (known = state),
    stop: async () => {
      clearInterval(timer);
      await Promise.all(pending);
      agent.destroy();
      console.log(JSON.stringify({ ...counts, reasons: wrong }));
      return { ...counts, reasons: wrong };
    },
  };
}

const maintain = (...words: readonly string[]) =>
  server.must(["maintenance", "web", ...words, "-r", "prod"]);

const names = async (): Promise<readonly string[]> => {
  const filters = { label: [`mypaas.instance=${instance}`] };
  return (await docker.listContainers({ filters })).map((one) => one.Names[0]?.slice(1) ?? "");
};

test("on and off under load: every answer is the service's or the page", async () => {
  const before = await server.containers("web", true);
  const asked = load("Back at 21:00");
  await sleep(1_000);
  asked.now("between");
  const { out } = await maintain("on", "Back", "at", "21:00");
  assert.equal(out, "web is in maintenance: every route answers 503: Back at 21:00\n");
  asked.now("closed");
  await sleep(1_500);
  asked.now("between");
  assert.equal((await maintain("off")).out, "web answers again\n");
  asked.now("open");
  await sleep(1_000);
  const report = await asked.stop();
  assert.deepEqual(report.reasons, {});
  assert.deepEqual([report.wrong, report.okWhileClosed, report.pageWhileOpen], [0, 0, 0]);
  assert.ok(report.ok > 100 && report.page > 100);
  assert.deepEqual(await server.containers("web", true), before);
  assert.ok(!(await names()).includes(`${instance}-page`), "the page stays without a maintenance");
});

test("the page has the text as text, in the form that the client asks for", async () => {
  await maintain("on", "<b>Back</b> & 'soon'");
  const html = await get();
  assert.match(html.body, /<p>&lt;b&gt;Back&lt;\/b&gt; &amp; &#39;soon&#39;<\/p>/);
  assert.match(String(html.headers["content-security-policy"]), /default-src 'none'.*sandbox/);
  const json = await get("application/json");
  assert.equal(json.status, 503);
  assert.deepEqual(JSON.parse(json.body), {
    error: "maintenance",
    message: "<b>Back</b> & 'soon'",
  });
  assert.equal((await get("*/*")).body, "Down for maintenance\n<b>Back</b> & 'soon'\n");
});

test("deploys, a rollback and a restart go on meanwhile, end, and count none of its answers", async () => {
  await maintain("on", "Back at 21:00");
  const asked = load("Back at 21:00");
  asked.now("closed");
  await web.write("page.txt", "second page");
  const receipts = [eventOf(await server.mustPush(web), "receipt")];
  for (const words of [
    ["rollback", "web"],
    ["restart", "web"],
  ])
    receipts.push(eventOf(await server.startCommand(words).done, "receipt"));
  const report = await asked.stop();
  console.log(`receipts: ${receipts.map((one) => `${one.requests} and ${one.failed}`).join(", ")}`);
  assert.deepEqual(report.reasons, {});
  assert.deepEqual([report.ok, report.page], [0, report.sent]);
  assert.ok(receipts.every(({ requests, failed }) => requests === 0 && failed === 0));
});

test("a service that is stopped and started stays closed", async () => {
  await server.must(["stop", "web", "-r", "prod"]);
  assert.ok(isPage(await get(), "Back at 21:00"));
  await server.must(["start", "web", "-r", "prod"]);
  assert.ok(isPage(await get(), "Back at 21:00"));
});

test("it lasts through a restart of Traefik, of the page and of the worker", async () => {
  const page = docker.getContainer(`${instance}-page`);
  assert.equal((await page.inspect()).HostConfig.RestartPolicy?.Name, "unless-stopped");
  await docker.getContainer(`${instance}-traefik`).restart();
  let answer = await get().catch(() => undefined);
  for (let tries = 0; tries < 100 && answer?.status !== 503; tries += 1) {
    await sleep(100);
    answer = await get().catch(() => undefined);
  }
  assert.ok(answer !== undefined && isPage(answer, "Back at 21:00"));
  await server.stopWorker("SIGKILL");
  assert.ok(isPage(await get(), "Back at 21:00"));
  await page.remove({ force: true });
  const without = await get();
  assert.deepEqual([without.status, without.headers["retry-after"]], [503, "60"]);
  await server.startWorker();
  answer = await get();
  for (let tries = 0; tries < 100 && !isPage(answer, "Back"); tries += 1) {
    await sleep(100);
    answer = await get();
  }
  assert.ok(isPage(answer, "Back at 21:00"));
});

test("ps, doctor and the command itself show it", async () => {
  const ps = JSON.parse((await server.must(["ps", "web", "-r", "prod", "--json"])).out);
  assert.equal(ps.services[0].maintenance.text, "Back at 21:00");
  assert.match((await server.must(["ps", "-r", "prod"])).out, /^web +\d+ +closed /m);
  const doctor = (await server.run(["doctor", "-r", "prod"])).out;
  assert.match(doctor, /its routes have answered 503 for /);
  assert.match((await maintain()).out, /^web has been in maintenance for .+: Back at 21:00\n$/);
  const { on, text } = JSON.parse((await maintain("on", "--json")).out);
  assert.deepEqual([on, text], [true, "Back at 21:00"], "without a text it keeps its own");
});

test("it ends with `off`, with the release that was deployed meanwhile, and with the service", async () => {
  await maintain("off");
  assert.deepEqual((await get()).body, "first page");
  await maintain("on");
  await server.must(["remove", "web", "--yes", "-r", "prod"]);
  assert.deepEqual(server.query("SELECT service FROM maintenance"), []);
  const refused = await server.run(["maintenance", "web", "on", "-r", "prod"]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /service web: not known here/);
});
