import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { initArgs } from "../../scripts/machine/instance.ts";
import type { DoctorAnswer } from "../../src/core/wire/answers.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { bodyOf, sumOf, type Asked, type Said } from "../support/namespace-client.ts";
import { here, makeNamespace, there, type Namespace } from "../support/namespace-e2e.ts";
import { nginxPorts, startNginx } from "../support/nginx-e2e.ts";
import { certify } from "../support/own-certificate-e2e.ts";
import { startProber, type ProberReport } from "../support/prober.ts";
import { makeSource, writeDockerfile, type Source } from "../support/source-e2e.ts";

/** Says what reached it; a body comes back. */
const app = `
const page = require("node:fs").readFileSync("page.txt", "utf8");
process.on("SIGTERM", () => process.exit(143));
require("node:http").createServer((req, res) => {
  if (req.url === "/slow") return setTimeout(() => res.end("slow"), 1500);
  if (req.method === "POST") {
    const chunks = [];
    return req.on("data", (chunk) => chunks.push(chunk)).on("end", () => res.end(Buffer.concat(chunks)));
  }
  const { "x-forwarded-for": client, "x-real-ip": real, "x-forwarded-proto": proto } = req.headers;
  res.end([req.url, client, real, proto, page].join(" "));
}).listen(3000);
`;

let space: Namespace;
let server: TestServer;
let nginx: Awaited<ReturnType<typeof startNginx>>;
let web: Source;
let admin: Source;
let secure: Source;

before(async () => {
  space = await makeNamespace();
  server = await startServer("t-e2eaddr", { binds: ["0.0.0.0", "::"] });
  const files = { "server.js": app, "page.txt": "one" };
  web = await makeSource(server, "web", { keys: ["scale = 2"], files });
  admin = await makeSource(server, "admin", { keys: ["domain = web.example.test/admin/x"], files });
  secure = await makeSource(server, "secure", { keys: ["https = true", "scale = 1"], files });
  for (const source of [web, admin, secure]) await server.mustPush(source);
  nginx = await startNginx(space, server.instance.httpPort);
});
after(async () => {
  await nginx?.remove();
  await server?.remove();
  await space?.remove();
});

/** A request from the namespace to this machine, over the family of the client's address. */
const asking = (from: string, more: Partial<Asked> = {}): Asked => ({
  from,
  to: from.includes(":") ? here.six : here.four,
  port: server.instance.httpPort,
  host: web.host,
  ...more,
});

const forged = {
  "x-forwarded-for": "203.0.113.7",
  "x-real-ip": "203.0.113.7",
  "x-forwarded-proto": "https",
  x_forwarded_for: "203.0.113.7",
  "x.forwarded.for": "203.0.113.7",
};

function count(what: string, said: readonly Said[], right: (one: Said) => boolean): void {
  const failed = said.filter(({ status }) => status === 0 || status >= 500).length;
  const wrong = said.filter((one) => !right(one));
  console.log(`${what}: ${said.length} sent, ${failed} failed, ${wrong.length} wrong`);
  assert.deepEqual([failed, wrong.slice(0, 3)], [0, []]);
}

test("both families answer, and the app sees the client's own address whatever the client writes", async () => {
  for (const from of Object.values(there)) {
    const said = await space.ask([
      asking(from, { times: 25 }),
      asking(from, { times: 25, headers: forged }),
    ]);
    count(`from ${from}`, said, ({ body }) => body === `/ ${from} ${from} http one`);
  }
});

test("nobody can write the address of a client in the PROXY protocol", async () => {
  const first = "PROXY TCP4 203.0.113.7 203.0.113.8 1 80\r\n";
  const said = await space.ask(
    Object.values(there).map((from) => asking(from, { first, times: 5 })),
  );
  assert.equal(said.length, 20);
  count("with a forged line", said, ({ body }) => !body.includes("203.0.113.7"));
});

test("bodies pass the relay whole, in both directions", async () => {
  const upload = 3_000_000;
  const said = await space.ask([
    asking(there.six, { upload, times: 5 }),
    asking(there.six, { upload: 0, times: 5 }),
  ]);
  const sums = [sumOf(bodyOf(upload)), sumOf(bodyOf(0))];
  count("bodies", said, ({ body }) => sums.includes(body));
});

test("a push loses no request of IPv6, and neither does a worker that is killed", async () => {
  const load = startProber({
    address: "::1",
    port: server.instance.httpPort,
    host: web.host,
    perSecond: 100,
    slowPath: "/slow",
    echoPath: "/echo",
  });
  await sleep(500);
  await web.write("page.txt", "two");
  await server.mustPush(web);
  await server.stopWorker("SIGKILL");
  await sleep(1000);
  await server.startWorker();
  assertLossless("a push over ::1", await load.stop());
});

function assertLossless(what: string, report: ProberReport): void {
  const { sent, failed, oldAfterNew, reasons, byRelease } = report;
  console.log(`${what}: ${sent} sent, ${failed} failed, ${oldAfterNew} by the old after the new`);
  assert.deepEqual([failed, oldAfterNew, reasons], [0, 0, {}]);
  assert.deepEqual(Object.keys(byRelease).toSorted(), ["web/1", "web/2"]);
}

test("paths and queries reach the service as they were sent, and no spelling passes by a route", async () => {
  const cases = [
    [
      "/img/https://cdn.example.com/x.png?sig=a;b",
      200,
      "/img/https://cdn.example.com/x.png?sig=a%3Bb",
    ],
    ["//", 200, "//"],
    ["/a/..b/.c", 200, "/a/..b/.c"],
    ["/a%2f..%2fb", 200, "/a%2F..%2Fb"],
    ["/admin/x//y", 200, "/admin/x//y"],
    ["/a/../admin/x", 400, undefined],
    ["/a/%2e%2E/b", 400, undefined],
    ["/..", 400, undefined],
    ["//admin/x", 400, undefined],
    ["/admin//x/y", 400, undefined],
  ] as const;
  const said = await space.ask(cases.map(([path]) => asking(there.four, { path })));
  const seen = said.map(({ status, body }, index) => [
    cases[index]?.[0],
    status,
    status === 200 ? body.split(" ")[0] : undefined,
  ]);
  assert.deepEqual(seen, cases);
});

test("doctor looks at each address", async () => {
  const { out } = await server.run(["doctor", "--json", "-r", "prod"]);
  const { checks } = JSON.parse(out.trim().split("\n").at(-1) ?? "") as DoctorAnswer;
  const { httpPort, httpsPort } = server.instance;
  assert.deepEqual(
    checks
      .filter(({ id, title }) => id === "ports" && !title.endsWith("from here"))
      .map(({ title, result }) => [title, result]),
    [
      [`http port 0.0.0.0:${httpPort}`, "ok"],
      [`http port [::]:${httpPort}`, "ok"],
      [`https port 0.0.0.0:${httpsPort}`, "ok"],
      [`https port [::]:${httpsPort}`, "ok"],
    ],
  );
  assert.deepEqual(
    checks.filter(({ id }) => id === "proxies").map(({ evidence }) => evidence),
    ["none: clients cannot set X-Forwarded headers"],
  );
});

/** Requests of one client to the nginx in front. */
const throughNginx = (from: keyof typeof nginxPorts, times: number): Asked =>
  asking(there.otherFour, { to: there.four, port: nginxPorts[from], times });

test("without trust the app sees the nginx in front, not the client", async () => {
  const said = await space.ask([throughNginx("four", 25)]);
  count("through nginx", said, ({ body }) => body === `/ ${there.four} ${there.four} http two`);
});

/** Runs `init` once more with other options, and the worker with what it decided. */
async function initAgain(init: readonly string[], binds = server.instance.binds): Promise<string> {
  server.instance = { ...server.instance, init, ...(binds && { binds }) };
  const { err } = await server.must(initArgs(server.instance));
  await server.stopWorker();
  await server.startWorker();
  return err;
}

const isRedirect = ({ status, location }: Said): boolean =>
  status === 301 && location?.startsWith("https://secure.example.test") === true;

test("a trusted proxy says who its client is, and nobody else does", async () => {
  const said = await initAgain(["--trust-proxy", there.four, "fd07:5e77::2/128"]);
  assert.match(said, /Traefik starts again with its new configuration/);
  for (const from of [there.four, there.six])
    count(
      `through ${from}`,
      await space.ask([asking(from, { headers: forged, times: 25 })]),
      ({ body }) => body === `/ 203.0.113.7, ${from} 203.0.113.7 https two`,
    );
  for (const from of [there.otherFour, there.otherSix])
    count(
      `past the proxy from ${from}`,
      await space.ask([asking(from, { headers: forged, times: 25 })]),
      ({ body }) => body === `/ ${from} ${from} http two`,
    );
});

test("a trusted nginx in front says who its client is, also during a push; another one does not", async () => {
  const isRight = (page: string) => (one: Said) =>
    one.body === `/ ${there.otherFour}, ${there.four} ${there.otherFour} http ${page}`;
  await web.write("page.txt", "three");
  let isOver = false;
  const push = server.mustPush(web).finally(() => (isOver = true));
  const said: Said[] = [];
  do said.push(...(await space.ask([throughNginx("four", 50)])));
  while (!isOver);
  await push;
  const isOld = isRight("two");
  count("through a trusted nginx", said, (one) => isOld(one) || isRight("three")(one));
  count("after the push", await space.ask([throughNginx("four", 25)]), isRight("three"));
  count(
    "through another nginx",
    await space.ask([throughNginx("otherFour", 25)]),
    ({ body }) => body === `/ ${there.otherFour} ${there.otherFour} http three`,
  );
  await web.write("page.txt", "two");
  await server.mustPush(web);
});

test("allow-ip and rate-limit know the clients behind a trusted proxy by their own addresses", async () => {
  const visitor = "203.0.113.7";
  const keys = [`allow-ip = ${visitor}`, "scale = 1"];
  const guarded = await makeSource(server, "guarded", {
    keys,
    files: { "server.js": app, "page.txt": "one" },
  });
  await server.mustPush(guarded);
  const { host } = guarded;
  const times = 10;
  const round: readonly (readonly [string, number, Asked])[] = [
    ["the visitor through the proxy", 200, asking(there.four, { host, headers: forged, times })],
    [
      "the visitor through two proxies",
      200,
      asking(there.four, {
        host,
        headers: { "x-forwarded-for": `${visitor}, ${there.four}` },
        times,
      }),
    ],
    [
      "another visitor through it",
      403,
      asking(there.four, { host, headers: { "x-forwarded-for": "203.0.113.8" }, times }),
    ],
    ["the proxy itself", 403, asking(there.four, { host, times })],
    [
      "past the proxy, with a forged address",
      403,
      asking(there.otherFour, { host, headers: forged, times }),
    ],
    ["by IPv6 through the other proxy", 200, asking(there.six, { host, headers: forged, times })],
    ["by IPv6 past it", 403, asking(there.otherSix, { host, headers: forged, times })],
  ];
  const said = round.map((): Said[] => []);
  await guarded.write("page.txt", "two");
  let isOver = false;
  const push = server.mustPush(guarded).finally(() => (isOver = true));
  do {
    const answers = await space.ask(round.map(([, , asked]) => asked));
    for (const [index, one] of answers.entries()) said[Math.floor(index / times)]?.push(one);
  } while (!isOver);
  await push;
  for (const [index, [what, wanted]] of round.entries())
    count(what, said[index] ?? [], ({ status }) => status === wanted);

  await writeDockerfile(guarded, { keys: ["rate-limit = 3/h burst 3", "scale = 1"] });
  await server.mustPush(guarded);
  const from = (address: string) =>
    asking(there.four, { host, headers: { "x-forwarded-for": address }, times: 5 });
  const limited = await space.ask([from("203.0.113.7"), from("203.0.113.8")]);
  const statuses = limited.map(({ status }) => status).join(" ");
  console.log(`two visitors behind one proxy: ${statuses}`);
  assert.equal(statuses, "200 200 200 429 429 200 200 200 429 429");
});

test("behind a proxy that comes by http, https does not redirect for ever, also during a push", async () => {
  await certify(server, [secure.host]);
  const { host } = secure;
  const https = { "x-forwarded-proto": "https" };
  const plain = { "x-forwarded-proto": "http" };
  const round = (times: number) => [
    asking(there.four, { host, headers: https, times }),
    asking(there.four, { host, headers: plain, times }),
    asking(there.otherFour, { host, headers: https, times }),
  ];
  for (let tries = 0; tries < 100; tries += 1) {
    const [, second] = await space.ask(round(1));
    if (second !== undefined && isRedirect(second)) break;
    await sleep(200);
  }
  await secure.write("page.txt", "two");
  let isOver = false;
  const push = server.mustPush(secure).finally(() => (isOver = true));
  const said: Said[][] = [[], [], []];
  const times = 20;
  do {
    const answers = await space.ask(round(times));
    for (const [index, one] of answers.entries()) said[Math.floor(index / times)]?.push(one);
  } while (!isOver);
  await push;
  const [proxied = [], byHttp = [], direct = []] = said;
  count("the proxy's client has https", proxied, ({ status }) => status === 200);
  count("the proxy's client has http", byHttp, isRedirect);
  count("not through the proxy", direct, isRedirect);
});

test("without IPv6 addresses to listen on the relay is gone, and IPv4 goes on", async () => {
  const relay = () => docker.listContainers({ filters: { name: ["^/t-e2eaddr-relay$"] } });
  assert.equal((await relay()).length, 1);
  await initAgain(["--trust-proxy", "none"], ["0.0.0.0"]);
  assert.equal((await relay()).length, 0);
  const [four, six] = await space.ask([asking(there.four), asking(there.six)]);
  assert.deepEqual(
    [four?.status, four?.body, six?.status],
    [200, `/ ${there.four} ${there.four} http two`, 0],
  );
});
