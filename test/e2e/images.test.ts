import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ensureAppsImage } from "../support/app-images/base.ts";
import { editApp, takeApp } from "../support/app-images/take.ts";
import { nodeImage } from "../support/images.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { eventOf, failureOf, type Said } from "../support/said-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";
import { assertClean, watchStops } from "../support/stops-e2e.ts";
import { askerAt } from "../support/traefik-asker.ts";

let base: string;
let server: TestServer;
let stops: Awaited<ReturnType<typeof watchStops>>;

before(async () => {
  base = await ensureAppsImage();
  server = await startServer("t-e2e-images");
  stops = await watchStops("t-e2e-images");
});
after(async () => {
  stops?.stop();
  await server?.remove();
});

const must = (...args: readonly string[]) => server.must([...args]);
const take = (name: string) => takeApp(server, name, base);

/** A program in the container of a service; a server that has just opened its port may not take the first question. */
async function ask(service: string, ...command: readonly string[]): Promise<string> {
  for (let tries = 0; ; tries += 1) {
    const ran = await server.run(["exec", service, "-r", "prod", "--", ...command]);
    if (ran.code === 0) return ran.out.trim();
    if (tries === 20) throw new Error(`${command.join(" ")}: ${ran.out}${ran.err}`);
    await sleep(300);
  }
}

async function logOf(service: string): Promise<string> {
  const { out, err } = await must("logs", service, "-r", "prod");
  return out + err;
}

/** A change of the image, a restart, a stop and a start: every way in which a container is replaced. */
async function replaceAll(
  source: Source,
  look: () => Promise<void>,
  verbs: readonly string[] = ["restart", "stop", "start"],
): Promise<void> {
  const { service } = source;
  await editApp(source, { line: "ENV CHANGED=1" });
  await server.mustPush(source);
  await look();
  for (const verb of verbs) {
    await must(verb, service, "-r", "prod");
    await server.settled(service);
    if (verb !== "stop") await look();
  }
}

const psql = (sql: string) =>
  ask("pg", "psql", "-U", "postgres", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", sql);

test("PostgreSQL keeps its data over push, restart, stop and start, and is shut down each time", async () => {
  const pg = await take("postgres");
  const first = await server.mustPush(pg);
  assert.deepEqual(eventOf(first, "live").urls, []);
  assert.equal(await psql("SELECT text FROM notes"), "made at the first start");
  await psql("INSERT INTO notes (text) VALUES ('mine')");
  await replaceAll(pg, async () => {
    assert.equal(await psql("SELECT count(*) FROM notes WHERE text = 'mine'"), "1");
    const log = await logOf("pg");
    assert.match(log, /database system was shut down at/);
    assert.doesNotMatch(log, /not properly shut down/);
  });
  assertClean("PostgreSQL", await stops.ends("pg", 3), 3, 2);
});

const join = [
  "SET max_parallel_workers_per_gather = 2",
  "SET min_parallel_table_scan_size = 0",
  "SET parallel_setup_cost = 0",
  "SET parallel_tuple_cost = 0",
  "SET enable_mergejoin = off",
  "SET enable_nestloop = off",
  "SET work_mem = '256MB'",
  "SELECT count(*) || ' ' || max(length(a.pad) + length(b.pad)) FROM a JOIN b USING (id)",
].join("; ");

test("a parallel hash join needs more of /dev/shm than Docker gives, and has it with mypaas.shm", async () => {
  const pg = await take("postgres");
  for (const table of ["a", "b"]) {
    const pad = "repeat(md5(id::text), 4) AS pad";
    await psql(`CREATE TABLE ${table} AS SELECT id, ${pad} FROM generate_series(1, 600000) id`);
    await psql(`ANALYZE ${table}`);
  }
  const command = ["exec", "pg", "-r", "prod", "--", "psql", "-U", "postgres", "-tAqc", join];
  const small = await server.run(command);
  assert.notEqual(small.code, 0);
  assert.match(small.out + small.err, /could not resize shared memory segment/);
  await editApp(pg, { add: "shm = 512m" });
  await server.mustPush(pg);
  assert.equal(await psql("SELECT count(*) FROM notes WHERE text = 'mine'"), "1");
  assert.equal((await must(...command)).out.trim(), "600000 256");
  console.log("a join of 2 × 600 000 rows: fails with 64 MB, 600 000 rows with 512 MB");
  assertClean("PostgreSQL", await stops.ends("pg", 1), 1, 2);
});

test("a PHP app behind Apache and its MariaDB keep their data, and both are shut down each time", async () => {
  const [db, blog] = [await take("mariadb"), await take("php-apache")];
  await server.mustPush(db);
  await must("env", "blog", "set", "DB_HOST=t-e2e-images-db", "-r", "prod");
  await server.mustPush(blog);
  const { httpPort: http, httpsPort: https } = server.instance;
  const page = async (body = "") => {
    for (let tries = 0; ; tries += 1) {
      const answer = await askerAt({ http, https }).fetchUrl(`http://${blog.host}/`, {}, body);
      if (answer.status === 200) return answer.body;
      if (tries === 20) throw new Error(`${answer.status} ${answer.body}`);
      await sleep(300);
    }
  };
  assert.equal(await page(), "0 visits, last upload: nothing\n");
  assert.equal(await page("a photo"), "1 visits, last upload: a photo\n");
  await replaceAll(db, async () => {
    assert.equal(await page(), "1 visits, last upload: a photo\n");
    assert.doesNotMatch(await logOf("db"), /crash recovery/);
  });
  assertClean("MariaDB", await stops.ends("db", 3), 3, 15);
  const look = async () => assert.equal(await page(), "1 visits, last upload: a photo\n");
  await replaceAll(blog, look, ["restart"]);
  assertClean("Apache", await stops.ends("blog", 2), 2, 28);
});

test("Redis 8's way to give up capabilities works, and its data is saved at each stop", async () => {
  const cache = await take("redis");
  await server.mustPush(cache);
  const status = await ask("cache", "sh", "-c", "cat /proc/$(pidof redis-server)/status");
  assert.match(status, /^CapBnd:\t0{16}$/m);
  assert.match(status, /^CapEff:\t0{16}$/m);
  await ask("cache", "redis-cli", "set", "colour", "green");
  await replaceAll(cache, async () => {
    assert.equal(await ask("cache", "redis-cli", "get", "colour"), "green");
    assert.match(await logOf("cache"), /DB loaded from disk/);
  });
  assertClean("Redis", await stops.ends("cache", 3), 3, 15);
});

test("nginx ends by SIGQUIT while requests come in, and none is lost", async () => {
  const front = await take("nginx");
  await server.mustPush(front);
  assert.equal(await ask("front", "sh", "-c", "ulimit -n"), "12000");
  const load = server.load(front.host, { isPlain: true });
  await front.write("index.html", "hello again from nginx\n");
  await server.mustPush(front);
  await must("restart", "front", "-r", "prod");
  await server.settled("front");
  const { sent, failed, oldAfterNew, reasons } = await load.stop();
  console.log(`nginx: ${sent} sent, ${failed} failed, ${oldAfterNew} old after new`);
  assert.ok(sent > 100);
  assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
  assert.deepEqual(await server.get(front.host), {
    status: 200,
    release: "front/3",
    body: "hello again from nginx\n",
  });
  assertClean("nginx", await stops.ends("front", 4), 4, 3);
});

test("an image with an init of its own runs, at once with mypaas.init, and else at the second try", async () => {
  const app = await take("s6");
  const warnings = ({ events }: Said) =>
    events.flatMap((event) => (event.kind === "warning" ? [`${event.text}: ${event.hint}`] : []));
  await editApp(app, { remove: "init = false" });
  assert.deepEqual(warnings(await server.mustPush(app)), [
    "super release 1 has to be process 1 of its container, so it starts again as that: set # mypaas.init = false, so that it starts at once",
  ]);
  assert.equal((await server.get(app.host)).body, "supervised\n");
  const [refused, ...others] = await stops.ends("super", 1);
  assert.deepEqual([refused?.signals, refused?.exitCode, others], [[], "100", []]);
  await editApp(app, { add: "init = false" });
  assert.deepEqual(warnings(await server.mustPush(app)), []);
  assert.match(await logOf("super"), /the second service runs/);
  await replaceAll(app, async () => {
    assert.equal((await server.get(app.host)).body, "supervised\n");
  });
  assertClean("s6", await stops.ends("super", 4), 4, 15);
});

/** A service of one Node program. */
async function nodeApp(service: string, keys: readonly string[], lines: readonly string[]) {
  const source = await makeSource(server, service);
  const comments = [`servicename = ${service}`, ...keys].map((key) => `# mypaas.${key}`);
  await source.write("Dockerfile", [...comments, `FROM ${nodeImage}`, ...lines, ""].join("\n"));
  return source;
}

const program = (source: string) => `CMD ${JSON.stringify(["node", "-e", source])}`;

test("a worker whose image exposes a port is live without it", async () => {
  const lines = [
    "EXPOSE 8080",
    program("console.log(process.env.PORT); setInterval(() => {}, 1e3)"),
  ];
  const worker = await nodeApp("mail", ["port = none"], lines);
  const said = await server.mustPush(worker);
  assert.deepEqual(eventOf(said, "live").urls, []);
  assert.match(await logOf("mail"), /undefined/);
  const routed = await nodeApp("mail", ["port = none", "domain = mail.example.test"], lines);
  const refused = await server.run(["push", "prod"], { cwd: routed.folder });
  assert.equal(refused.code, 1);
  assert.match(refused.err, /mypaas\.port: none, but mypaas\.domain \(line 3\) needs a port/);
});

test("a HEALTHCHECK that has failed as often as it may ends the push, long before the start timeout", async () => {
  const check = JSON.stringify(["node", "-e", "console.log('queue is full'); process.exit(1)"]);
  const sick = await nodeApp(
    "sick",
    ["start-timeout = 10m"],
    [`HEALTHCHECK --interval=1s --retries=2 CMD ${check}`, program("setInterval(() => {}, 1000)")],
  );
  const { message, hint } = failureOf(await server.push(sick));
  assert.match(
    message,
    /^deploy sick: the image's HEALTHCHECK says unhealthy after [\d.]+ s: queue is full$/,
  );
  assert.equal(hint, "correct HEALTHCHECK in the Dockerfile, or give it a longer --start-period");
});

test("a service that answers nothing but 500 has an open port, and is not called live at its address", async () => {
  const answer = `require("http").createServer((q, r) => r.writeHead(500).end()).listen(3000)`;
  const keys = ["domain = bad.example.test", "port = 3000"];
  const bad = await nodeApp("bad", keys, [program(answer)]);
  const said = await server.run(["push", "prod"], { cwd: bad.folder });
  const url = `http://bad.example.test:${server.instance.httpPort}`;
  assert.equal(said.code, 0);
  assert.ok(said.err.includes(`warning: ${url} answers 500\n`), said.err);
  assert.ok((said.out + said.err).includes(`port open at ${url}\n`), said.out + said.err);
  assert.ok(!(said.out + said.err).includes("live at"), said.out + said.err);
});

test("chroot, raw sockets, device nodes and setuid programs are refused in a container", async () => {
  const attempt = async (...command: readonly string[]) => {
    const ran = await server.run(["exec", "front", "-r", "prod", "--", ...command]);
    return `${ran.code === 0 ? "works" : "fails"}: ${ran.out}${ran.err}`.trim();
  };
  assert.match(await attempt("chroot", "/", "true"), /^fails: .*Operation not permitted/);
  assert.match(
    await attempt("mknod", "/tmp/x", "c", "1", "3"),
    /^fails: .*Operation not permitted/,
  );
  const raw = "socket(S, PF_INET, SOCK_RAW, 1) or die $!";
  assert.match(await attempt("perl", "-MSocket", "-e", raw), /^fails: Operation not permitted/);
  const asUser = ["setpriv", "--reuid=www-data", "--regid=www-data", "--clear-groups"];
  const setuid = "cp /usr/bin/id /tmp/id && chmod 4755 /tmp/id";
  assert.match(await attempt("sh", "-c", setuid), /^works/);
  assert.match(await attempt(...asUser, "/tmp/id"), /^works: uid=33\(www-data\)(?!.*euid=0)/);
});
