import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:http2";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import type { Release } from "../../src/core/release/release.ts";
import { readTraefikSnapshot } from "../../src/adapters/traefik/api.ts";
import { createTraefikRouter } from "../../src/adapters/traefik/router.ts";
import { dockerRouterNames } from "../../src/core/routing/labels.ts";
import { backName, nextName } from "../../src/core/release/names.ts";
import { balancersOf } from "../../src/core/routing/balancers.ts";
import { releaseRouting } from "../../src/core/routing/release-routing.ts";
import { hashPassword } from "../../src/adapters/laptop/password-hash.ts";
import { odd, releases } from "../support/contract-services.ts";
import { release } from "../support/releases.ts";
import { askerAt } from "../support/traefik-asker.ts";
import { startTraefik } from "../support/traefik-e2e.ts";

const instance = process.env["MYPAAS_TEST_INSTANCE"] ?? "mypaas-contract";
const [httpPort, httpsPort] = [18401, 18402];
const server = { instance, httpsPort };
const { ask, fetchUrl } = askerAt({ http: httpPort, https: httpsPort });
const clock = { now: Date.now, sleep: (ms: number) => sleep(ms) };

/** Answers its own name, the path and the size of the body it saw, and a header that must not arrive; `/never` gets no answer. */
const app = ({ spec, port = 3000 }: Release): string =>
  `process.on("SIGTERM",()=>process.exit());const name=${JSON.stringify(spec.service)};
   require("${spec.protocol === "h2c" ? "http2" : "http"}").createServer((q,r)=>{let bytes=0;if(q.url==="/never")return;q.on("data",(d)=>bytes+=d.length);
   r.setHeader("x-powered-by","node");
   if(q.url==="/slow")return setTimeout(()=>r.end("{}"),1000);
   if(q.url==="/events"){r.setHeader("content-type","text/event-stream");r.write("data: 1\\n\\n");return setTimeout(()=>r.end("data: 2\\n\\n"),1500)}
   q.on("end",()=>r.end(JSON.stringify({name,path:q.url,bytes,alias:q.headers["x_auth_user"]??null,
   authorization:q.headers.authorization??null,long:q.url==="/long"?"x".repeat(50000):""})))})
   .on("upgrade",(q,s)=>{s.write("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\n\\r\\n");s.on("data",(d)=>s.write(d))})
   .listen(${port})`;

let traefik: Awaited<ReturnType<typeof startTraefik>>;
let router: ReturnType<typeof createTraefikRouter>;
const all = releases(instance);

before(async () => {
  traefik = await startTraefik({ instance, httpPort, httpsPort });
  router = createTraefikRouter({
    state: {
      server: {
        ...server,
        secured: ["secure.test", "leads.test"],
        users: {
          every: { ann: await hashPassword("for all") },
          asks: { ann: await hashPassword("let me in"), bob: await hashPassword("päss:wörd") },
        },
      },
      live: all,
      switches: [],
    },
    write: traefik.write,
    locate: traefik.locate,
    nudge: async () => {},
    clock,
  });
  await router.refresh();
  for (const one of all) await traefik.run(one, app(one));
});
after(() => traefik.stop());

test("every router and service that labels ask for is enabled without an error", async () => {
  const routed = all.filter(({ spec }) => spec.routes.length > 0);
  const servers = routed
    .flatMap((one) => Object.keys(balancersOf(one, releaseRouting(one, server).routers)))
    .map((name) => [`${name}@docker`, 1]);
  const expected = {
    routers: routed.flatMap((one) => dockerRouterNames(one, server)),
    gone: [],
    servers: Object.fromEntries(servers),
  };
  await router.confirm(expected, 10_000);
  const { routers } = await readTraefikSnapshot((await traefik.locate()).api);
  const seen = Object.keys(routers).filter((name) => name.endsWith("@docker"));
  assert.deepEqual(seen.toSorted(), [...expected.routers].toSorted());
  assert.ok(Object.values(routers).every(({ status }) => status === "enabled"));
});

const table: readonly (readonly [string, string, string?])[] = [
  ["http://plain.test/", "200 plain/1 /"],
  ["http://PLAIN.test/", "200 plain/1 /"],
  ["http://second.plain.test/x", "200 plain/1 /x"],
  ["http://plain.test/docs", "200 docs/7 /docs"],
  ["http://plain.test/docs/a?b=c", "200 docs/7 /docs/a?b=c"],
  ["http://plain.test/docsify", "200 plain/1 /docsify"],
  ["http://plain.test/docs/v2/x", "200 docs.v2/3 /x"],
  ["http://plain.test/docs/v2", "200 docs.v2/3 /"],
  ["http://plain.test/a,b+c/d", "200 comma/1 /d"],
  ["http://x.wild.test/", "200 wild/12 /"],
  ["http://exact.wild.test/", "200 exact/1 /"],
  ["http://a.b.wild.test/", "503 - -"],
  ["https://secure.test/", "200 secure/2 /"],
  ["http://secure.test/a?b", "301 secure/2 https://secure.test:18402/a?b"],
  ["http://both.test/", "200 both/1 /"],
  ["https://both.test/", "200 both/1 /"],
  ["http://health.test/", "200 health/5 /"],
  ["http://odd-port.test/", "200 odd-port/1 /"],
  ["http://xn--bcher-kva.test/", "200 idn/1 /"],
  ["http://sticky.test/", "200 sticky/1 /"],
  ["https://sticky.test/", "200 sticky/1 /"],
  ["http://rpc.test/x", "200 rpc/1 /x"],
  ["http://rpc-health.test/", "200 rpc-health/1 /"],
  ["http://patient.test/", "200 patient/1 /"],
  ["http://asks.test/", "401 asks/2 -"],
  ["http://locked.test/", "401 locked/1 -"],
  ["http://only.test/", "403 only/1 -"],
  ["http://open.test/", "200 open/1 /"],
  ["http://leads.test/", "301 leads/1 https://leads.test:18402/"],
  ["https://leads.test/", "200 leads/1 /"],
  ["http://www.leads.test/a?b=c", "301 leads/1 https://leads.test:18402/a?b=c"],
  ["https://www.leads.test/a?b=c", "301 leads/1 https://leads.test:18402/a?b=c"],
  ["http://early.test/a?b", "302 leads/1 http://soon.test/x/a?b"],
  ["http://soon.test/x/a?b", "200 leads/1 /x/a?b"],
  ["http://b.away.test//evil.example/", "301 leads/1 https://elsewhere.example/base/evil.example/"],
  ["http://same.test/", "301 leads/1 http://plainly.test/y/"],
  ["http://worker.test/", "503 - -"],
  ["http://nobody.test/", "503 - -"],
  ["https://nobody.test/", "503 - -"],
];

for (const [url, expected] of table)
  test(`${url} → ${expected}`, async () => {
    assert.equal(await ask(url), expected);
  });

const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

test("a password lets its user pass, and the app does not see it", async () => {
  const asked = async (user: string, password: string) => {
    const { status, headers, body } = await fetchUrl("http://asks.test/", basic(user, password));
    const seen = status === 200 ? JSON.parse(body).authorization : headers.get("www-authenticate");
    return `${status} ${headers.get("x-mypaas-release")} ${seen}`;
  };
  assert.deepEqual(
    await Promise.all([
      asked("ann", "let me in"),
      asked("bob", "päss:wörd"),
      asked("ann", "päss:wörd"),
      asked("ann", ""),
      asked("eve", "let me in"),
      asked("-", "nobody"),
    ]),
    [
      ...Array.from({ length: 2 }, () => "200 asks/2 null"),
      ...Array.from({ length: 4 }, () => '401 asks/2 Basic realm="asks"'),
    ],
  );
  const locked = await fetchUrl("http://locked.test/", basic("eve", "nobody"));
  assert.equal(locked.status, 401);
});

test("more than the rate gets 429 and when to come back, and more than so many at once gets 429", async () => {
  const rated = [];
  for (let n = 0; n < 4; n += 1) rated.push(await fetchUrl("http://rated.test/"));
  assert.deepEqual(
    rated.map(({ status, headers }) => `${status} ${headers.get("x-mypaas-release")}`),
    ["200 rated/1", "200 rated/1", "429 rated/1", "429 rated/1"],
  );
  assert.ok(Number(rated[3]?.headers.get("retry-after")) > 60);
  const slow = fetchUrl("http://few.test/slow");
  await sleep(300);
  // Neither another spelling of the host nor a header of the client makes a place for one more.
  const others = await Promise.all([
    fetchUrl("http://few.test/"),
    fetchUrl("http://FEW.test/"),
    fetchUrl("http://few.test/", { "x-forwarded-server": "other" }),
  ]);
  assert.deepEqual(
    others.map(({ status, headers }) => `${status} ${headers.get("x-mypaas-release")}`),
    ["429 few/1", "429 few/1", "429 few/1"],
  );
  assert.equal((await slow).status, 200);
});

test("headers arrive as they are written, through labels and through the file", async () => {
  const look = async () => {
    const { headers } = await fetchUrl("http://adorned.test/");
    return [headers.get("x-odd"), headers.get("x-powered-by"), headers.get("x-mypaas-release")];
  };
  assert.deepEqual(await look(), [odd, undefined, "adorned/1"]);
  const from = find("adorned");
  const to = { ...from, number: 2 };
  await router.apply({ kind: "hold", service: "adorned", to, from, mode: "serving" });
  await router.confirm({ routers: ["hold-adorned-r2-1@file"], gone: [], servers: {} }, 5_000);
  assert.deepEqual(await look(), [odd, undefined, "adorned/1"]);
  await router.apply({ kind: "finished", service: "adorned", live: from });
});

test("long texts are compressed, and events come at once", async () => {
  const zipped = await fetchUrl("http://zips.test/long", { "accept-encoding": "gzip" });
  assert.deepEqual([zipped.status, zipped.headers.get("content-encoding")], [200, "gzip"]);
  const plain = await fetchUrl("http://zips.test/long");
  assert.equal(plain.headers.get("content-encoding"), undefined);
  const order: string[] = [];
  const events = request({
    host: "127.0.0.1",
    port: httpPort,
    path: "/events",
    headers: { host: "zips.test", "accept-encoding": "gzip, br, zstd" },
    agent: false,
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  events.on("error", reject).on("response", (response) => {
    response.on("data", (chunk: Buffer) => order.push(chunk.toString()));
    response.on("end", resolve).on("error", reject);
  });
  events.end();
  await promise;
  // Compressed they would come together and unreadable.
  assert.deepEqual(order, ["data: 1\n\n", "data: 2\n\n"]);
});

test("a WebSocket passes every key, and without the password gets 401", async () => {
  const upgrade = async (headers: Readonly<Record<string, string>>) => {
    const asked = request({
      host: "127.0.0.1",
      port: httpPort,
      agent: false,
      headers: {
        host: "every.test",
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        ...headers,
      },
    });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    asked.on("error", reject).on("response", ({ statusCode }) => resolve(String(statusCode)));
    // Traefik adds no headers to a 101, with or without keys.
    asked.on("upgrade", (_, socket) => {
      socket.on("error", reject).on("data", (data: Buffer) => {
        resolve(data.toString());
        socket.destroy();
      });
      socket.write("ping");
    });
    asked.end();
    return promise;
  };
  assert.deepEqual(await Promise.all([upgrade({}), upgrade(basic("ann", "for all"))]), [
    "401",
    "ping",
  ]);
});

test("a password lets its user pass over HTTP/2", async () => {
  const session = connect("https://asks.test", {
    createConnection: () =>
      connectTls({
        host: "127.0.0.1",
        port: httpsPort,
        servername: "asks.test",
        rejectUnauthorized: false,
        ALPNProtocols: ["h2"],
      }),
  });
  const statusOf = (headers: Readonly<Record<string, string>>) => {
    const { promise, resolve, reject } = Promise.withResolvers<number | undefined>();
    const asked = session.request({ ":path": "/", ...headers });
    asked.on("error", reject).on("response", ({ ":status": status }) => resolve(status));
    asked.resume().end();
    return promise;
  };
  const asked = [basic("ann", "let me in"), basic("bob", "päss:wörd"), basic("ann", "no"), {}];
  assert.deepEqual(await Promise.all(asked.map(statusOf)), [200, 200, 401, 401]);
  session.close();
});

test("a new password counts without a release", async () => {
  const { users = {} } = router.state().server;
  const changed = { ...users["asks"], ann: await hashPassword("new") };
  await router.serve({ users: { ...users, asks: changed } });
  await router.confirm({ routers: [], gone: [], servers: {} }, 5_000);
  for (let tries = 0; tries < 50; tries += 1) {
    if ((await fetchUrl("http://asks.test/", basic("ann", "new"))).status === 200) break;
    await sleep(100);
  }
  const statuses = await Promise.all(
    ["new", "let me in"].map(
      async (word) => (await fetchUrl("http://asks.test/", basic("ann", word))).status,
    ),
  );
  assert.deepEqual(statuses, [200, 401]);
});

test("answeringRelease sees the release header on both entry points", async () => {
  const seen = await Promise.all([
    router.answeringRelease({ host: "plain.test", path: "", https: false }),
    router.answeringRelease({ host: "secure.test", path: "", https: true }),
    router.answeringRelease({ host: "*.wild.test", path: "", https: false }),
    router.answeringRelease({ host: "nobody.test", path: "", https: false }),
    router.answeringRelease({ host: "asks.test", path: "", https: false }),
    router.answeringRelease({ host: "only.test", path: "", https: false }),
    router.answeringRelease({ host: "rated.test", path: "", https: false }),
    router.answeringRelease({ host: "www.leads.test", path: "", https: true }),
  ]);
  const first = ["plain/1", "secure/2", "wild/12", undefined];
  assert.deepEqual(
    seen.map((answer) => answer?.release),
    [...first, "asks/2", "only/1", "rated/1", "leads/1"],
  );
});

test("a visitor gets a cookie that is Secure on https only, and an unknown one is replaced", async () => {
  const cookieOf = async (url: string, cookie: string): Promise<string> =>
    (await fetchUrl(url, cookie === "" ? {} : { cookie })).headers.get("set-cookie") ?? "none";
  const [http, https] = ["http://sticky.test/", "https://sticky.test/"];
  const given = await cookieOf(http, "");
  assert.match(given, /^mypaas-sticky=[0-9a-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
  const secure = await cookieOf(https, "");
  assert.match(
    secure,
    /^__Host-mypaas-sticky=[0-9a-f]{16}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
  assert.equal(await cookieOf(http, given.split(";")[0] ?? ""), "none");
  assert.equal(await cookieOf(http, "mypaas-sticky=0123456789abcdef"), given);
});

test("a service with a timeout answers in time, or its client gets 504", async () => {
  assert.equal((await fetchUrl("http://patient.test/never")).status, 504);
  assert.equal(await ask("http://patient.test/"), "200 patient/1 /");
});

test("a header that aliases another one does not reach the app", async () => {
  const { body } = await fetchUrl("http://plain.test/", { X_Auth_User: "root" });
  assert.equal(JSON.parse(body).alias, null);
});

test("a hold keeps the old release answering until the cut-over", async () => {
  const from = find("plain");
  const to = release("plain", 2, { instance, routes: ["http://plain.test"] });
  await router.apply({ kind: "hold", service: "plain", to, from, mode: "serving" });
  await router.confirm({ routers: ["hold-plain-r2-1@file"], gone: [], servers: {} }, 5_000);
  await traefik.run(to, app(to));
  const started = {
    routers: dockerRouterNames(to, server),
    gone: [],
    servers: { "plain-r2@docker": 1 },
  };
  await router.confirm(started, 5_000);
  assert.equal(await ask("http://plain.test/"), "200 plain/1 /");
  await router.apply({ kind: "cut-over", service: "plain" });
  await router.confirm({ ...started, gone: ["hold-plain-r2-1@file"] }, 5_000);
  assert.equal(await ask("http://plain.test/"), "200 plain/2 /");
  assert.equal(await ask("http://second.plain.test/"), "503 - -");
  assert.equal(await ask("http://plain.test/docs"), "200 docs/7 /docs");
  await router.apply({ kind: "finished", service: "plain", live: to });
  await router.confirm({ ...started, gone: ["rest-plain-r1-2@file"] }, 5_000);
});

test("requests to a service whose old release has stopped wait for the new one's name", async () => {
  const from = find("odd-port");
  const to = release("odd-port", 2, { instance, routes: ["http://odd-port.test"], port: 4000 });
  await router.apply({ kind: "hold", service: "odd-port", to, from, mode: "wait" });
  await router.confirm({ routers: [], gone: [], servers: {} }, 5_000);
  const old = await container(from);
  await old.stop({ t: 2 });
  const waiting = Array.from({ length: 5 }, () => ask("http://odd-port.test/w"));
  const posted = fetchUrl("http://odd-port.test/", {}, "x".repeat(100_000));
  await sleep(500);
  const next = await traefik.run(to, app(to));
  await next.rename({ name: nextName(instance, "odd-port") });
  assert.deepEqual(new Set(await Promise.all(waiting)), new Set(["200 odd-port/2 /w"]));
  assert.equal(JSON.parse((await posted).body).bytes, 100_000);
  await router.apply({ kind: "cut-over", service: "odd-port" });
  await router.confirm({ routers: dockerRouterNames(to, server), gone: [], servers: {} }, 5_000);
  assert.equal(await ask("http://odd-port.test/"), "200 odd-port/2 /");
});

test("requests wait for a release that speaks h2c, and longer than its timeout", async () => {
  const from = find("rpc");
  const spec = { protocol: "h2c", answerTimeoutMs: 1_000 } as const;
  const to = release("rpc", 2, { instance, routes: ["http://rpc.test"], spec });
  await router.apply({ kind: "hold", service: "rpc", to, from, mode: "wait" });
  await router.confirm({ routers: [], gone: [], servers: {} }, 5_000);
  const old = await container(from);
  await old.stop({ t: 2 });
  const waiting = Array.from({ length: 5 }, () => ask("http://rpc.test/w"));
  await sleep(1_500);
  const next = await traefik.run(to, app(to));
  await sleep(300);
  await next.rename({ name: nextName(instance, "rpc") });
  // Where Traefik's retry sends a call twice over h2c, the answer may lack the release.
  for (const answer of await Promise.all(waiting)) assert.match(answer, /^200 (rpc\/2|-) \/w$/);
  await router.apply({ kind: "cut-over", service: "rpc" });
  await router.confirm({ routers: dockerRouterNames(to, server), gone: [], servers: {} }, 5_000);
  assert.equal(await ask("http://rpc.test/"), "200 rpc/2 /");
  assert.equal((await fetchUrl("http://rpc.test/never")).status, 504);
});

test("requests wait for the old one when the new one never comes", async () => {
  const from = find("both");
  const to = release("both", 2, { instance, routes: ["http://both.test"] });
  await router.apply({ kind: "hold", service: "both", to, from, mode: "wait" });
  await router.confirm({ routers: [], gone: [], servers: {} }, 5_000);
  const old = await container(from);
  await old.stop({ t: 2 });
  const waiting = [ask("http://both.test/w"), ask("https://both.test/w")];
  await sleep(300);
  await old.rename({ name: backName(instance, "both") });
  await old.start();
  assert.deepEqual(await Promise.all(waiting), ["200 both/1 /w", "200 both/1 /w"]);
  await router.apply({ kind: "finished", service: "both", live: from });
});

test("requests that waited for the longest time get 503 and when to come back", async () => {
  const spec = { startTimeoutMs: 600, stopTimeoutMs: 300, drainTimeoutMs: 100 };
  const to = release("late", 1, { instance, routes: ["http://late.test"], spec });
  await router.apply({ kind: "hold", service: "late", to, from: undefined, mode: "wait" });
  await router.confirm({ routers: ["hold-late-r1-1@file"], gone: [], servers: {} }, 5_000);
  const begun = Date.now();
  const { status, headers } = await fetchUrl("http://late.test/");
  assert.deepEqual([status, headers.get("retry-after")], [503, "5"]);
  // Traefik begins no attempt that the time would not be enough for.
  assert.ok(Date.now() - begun >= 500);
  await router.apply({ kind: "finished", service: "late", live: undefined });
});

test("a service can reach neither the API nor the metrics of Traefik", async () => {
  const { api } = await traefik.locate();
  const targets = [
    [new URL(api).hostname, 8080],
    [await traefik.address(), 8080],
    ["traefik.api", 8080],
    ["traefik-api", 8080],
  ];
  const script = `const net=require("net");const targets=${JSON.stringify(targets)};
    Promise.all(targets.map(([host,port])=>new Promise(done=>{const s=net.connect({host,port,timeout:1500});
      s.on("connect",()=>done("open"));s.on("timeout",()=>done("closed"));s.on("error",()=>done("closed"))})))
    .then(seen=>{console.log(JSON.stringify(seen));process.exit()})`;
  const spy = await traefik.run(release("spy", 1, { instance }), script);
  await spy.wait();
  const log = (await spy.logs({ stdout: true, stderr: true })).toString();
  assert.match(log, /\["closed","closed","closed","closed"\]/);
  const metrics = await (await fetch(`${api}/metrics`)).text();
  assert.match(metrics, /traefik_router_requests_total\{[^}]*router="docs-r7-1@docker"/);
});

test("an applied change does not wait for the 2 s that Traefik waits by default", async () => {
  const to = release("docs", 8, { instance, routes: ["http://plain.test/docs"] });
  const took: number[] = [];
  for (let n = 0; n < 6; n += 1) {
    const begun = Date.now();
    if (n % 2 === 0)
      await router.apply({
        kind: "hold",
        service: "docs",
        to,
        from: find("docs"),
        mode: "serving",
      });
    else await router.apply({ kind: "finished", service: "docs", live: find("docs") });
    await router.confirm({ routers: [], gone: [], servers: {} }, 5_000);
    took.push(Date.now() - begun);
  }
  console.log(`hold and release, in ms: ${took.join(", ")}`);
  const median = took.toSorted((a, b) => a - b)[3] ?? Infinity;
  assert.ok(median < 1_500, `median ${median} ms`);
});

function find(service: string): Release {
  const found = all.find(({ spec }) => spec.service === service);
  assert.ok(found);
  return found;
}

async function container({ spec, number }: Release) {
  const filters = { label: [`mypaas.service=${spec.service}`, `mypaas.release=${number}`] };
  const [found] = await traefik.docker.listContainers({ all: true, filters });
  assert.ok(found);
  return traefik.docker.getContainer(found.Id);
}
