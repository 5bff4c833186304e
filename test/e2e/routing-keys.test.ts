import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { declare, loadOn, redeclare } from "../support/changes-e2e.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { certify } from "../support/own-certificate-e2e.ts";
import type { ProberOptions, ProberReport } from "../support/prober.ts";
import type { Source } from "../support/source-e2e.ts";
import { askerAt } from "../support/traefik-asker.ts";

let server: TestServer;
const passwords = { ann: "let me in", bob: "and me too" };
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

before(async () => {
  server = await startServer("t-e2ekeys");
});
after(() => server?.remove());

/** A service that is live with these keys. */
async function live(name: string, keys: readonly string[]): Promise<Source> {
  const source = await declare(server, name, keysOf(name, keys));
  await server.mustPush(source);
  return source;
}

const keysOf = (name: string, keys: readonly string[]): readonly string[] => [
  `domain = ${name}.test`,
  "port = 3000",
  ...(keys.some((key) => key.startsWith("scale")) ? [] : ["scale = 1"]),
  ...keys,
];

async function change(source: Source, keys: readonly string[]): Promise<void> {
  await redeclare(source, keysOf(source.service, keys));
  await server.mustPush(source);
}

async function setPassword(service: string, user: string, password: string): Promise<void> {
  const args = ["auth", service, "set", user, "--password-stdin", "-r", "prod"];
  const ran = await server.run(args, { input: `${password}\n` });
  assert.equal(ran.code, 0, ran.err);
  assert.ok(!`${ran.out}${ran.err}`.includes(password));
}

interface Counted extends ProberReport {
  readonly statuses: Readonly<Record<number, number>>;
}

/** 100 requests a second while `work` runs, and what came back by status. */
async function under(
  url: string,
  more: Partial<ProberOptions>,
  work: () => Promise<unknown>,
): Promise<Counted> {
  const statuses: Record<number, number> = {};
  const onStatus = (status: number): void => {
    statuses[status] = (statuses[status] ?? 0) + 1;
  };
  const load = loadOn(server, url, { perSecond: 100, ...more, onStatus });
  try {
    await sleep(300);
    await work();
    await sleep(500);
  } finally {
    await load.stop();
  }
  return { ...(await load.stop()), statuses };
}

/** Nothing failed but what the key intends, and no release answered after its successor. */
function assertIntended(what: string, report: Counted, statuses: readonly number[]): void {
  const { sent, leftOut, failed, oldAfterNew, byRelease, reasons } = report;
  console.log(
    `${what}: ${sent} sent, ${leftOut} left out, ${failed} failed, ${oldAfterNew} old after new, longest ${report.longest} ms, ${JSON.stringify(report.statuses)}, ${JSON.stringify(byRelease)}`,
  );
  assert.deepEqual({ failed, oldAfterNew, reasons }, { failed: 0, oldAfterNew: 0, reasons: {} });
  assert.deepEqual(Object.keys(report.statuses).map(Number), [...statuses]);
  // Each answer carries the release header, a refusal too.
  assert.equal(byRelease["none"], undefined);
  assert.ok(sent > 200);
}

async function statusOf(url: string, headers: Readonly<Record<string, string>> = {}) {
  const { httpPort: http, httpsPort: https } = server.instance;
  const answer = await askerAt({ http, https }).fetchUrl(url, headers);
  return `${answer.status}${answer.headers.has("location") ? ` ${answer.headers.get("location")}` : ""}`;
}

/** Posts so many bytes, without a Content-Length where `size` is left out; the status, with the release that refused. */
function post(host: string, size?: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const sending = request(
    {
      port: server.instance.httpPort,
      method: "POST",
      path: "/echo",
      headers: {
        host,
        ...(size === undefined ? { "transfer-encoding": "chunked" } : { "content-length": size }),
      },
    },
    (answer) => {
      answer.resume();
      const { statusCode = 0, headers } = answer;
      const refused = statusCode === 200 ? "" : ` by ${String(headers["x-mypaas-release"])}`;
      answer.on("close", () => resolve(`${statusCode}${refused}`));
    },
  );
  sending.on("error", reject);
  sending.end(Buffer.alloc(size ?? 3000, "a"));
  return promise;
}

// Two at a time, so 200 requests a second together.
describe("under 200 requests a second", { concurrency: 2 }, () => {
  test("auth: users come, change and go, and a push without a password is refused", async () => {
    const source = await live("asks", []);
    await redeclare(source, keysOf("asks", ["auth = ann"]));
    const refused = await server.run(["push", "prod"], { cwd: source.folder });
    assert.equal(refused.code, 1);
    assert.match(refused.err, /error: auth ann: has no password on the server/);
    assert.match(refused.err, /hint: run: mypaas auth asks set ann -r prod/);
    await setPassword("asks", "ann", passwords.ann);
    const made = await server.must(["auth", "asks", "set", "bob", "-r", "prod", "--json"]);
    const { password } = JSON.parse(made.out);
    assert.match(password, /^[\w-]{22}$/);
    const strangers: number[] = [];
    const report = await under(
      "http://asks.test/",
      { headers: basic("ann", passwords.ann) },
      async () => {
        for (const keys of [["auth = ann"], ["auth = bob", "auth = ann"], []]) {
          await change(source, keys);
          strangers.push(Number(await statusOf("http://asks.test/")));
        }
      },
    );
    assertIntended("auth", report, [200]);
    assert.deepEqual(strangers, [401, 401, 200]);
    const listed = JSON.parse((await server.must(["auth", "asks", "-r", "prod", "--json"])).out);
    assert.deepEqual(
      listed.users.map(({ user, inUse }: Record<string, unknown>) => [user, inUse]),
      [
        ["ann", false],
        ["bob", false],
      ],
    );
    assert.equal(JSON.stringify(server.query("SELECT * FROM job_log")).includes("$2b$"), false);
  });

  test("auth: a password is changed and removed without a release", async () => {
    await setPassword("words", "ann", passwords.ann);
    await live("words", ["auth = ann"]);
    const ids = await server.containers("words", true);
    const report = await under(
      "http://words.test/",
      { headers: basic("ann", "the new one"), intended: [401] },
      async () => {
        await setPassword("words", "ann", "the new one");
        await sleep(1_000);
        assert.equal(await statusOf("http://words.test/", basic("ann", "the new one")), "200");
        assert.equal(await statusOf("http://words.test/", basic("ann", passwords.ann)), "401");
      },
    );
    assertIntended("password changed", report, [200, 401]);
    await server.must(["auth", "words", "remove", "ann", "-r", "prod"]);
    await sleep(1_000);
    assert.equal(await statusOf("http://words.test/", basic("ann", "the new one")), "401");
    assert.deepEqual(await server.containers("words", true), ids);
    assert.equal(server.query("SELECT 1 FROM releases WHERE service = 'words'").length, 1);
  });

  test("redirect: a host leads away, elsewhere, and away no more; a domain becomes one", async () => {
    const source = await live("leads", ["domain = old.leads.test"]);
    const { httpPort } = server.instance;
    const seen: string[] = [];
    const report = await under("http://leads.test/", {}, async () => {
      for (const keys of [
        ["domain = old.leads.test", "redirect = www.leads.test -> leads.test"],
        ["domain = old.leads.test", "redirect = www.leads.test -> leads.test/x"],
        ["domain = old.leads.test"],
      ]) {
        await change(source, keys);
        seen.push(await statusOf(`http://www.leads.test:${httpPort}/a?b=c`));
      }
    });
    assertIntended("redirect", report, [200]);
    const place = `http://leads.test:${httpPort}`;
    assert.deepEqual(seen, [`301 ${place}/a?b=c`, `301 ${place}/x/a?b=c`, "503"]);
    const moved = await under("http://old.leads.test/", { intended: [301, 302, 307, 308] }, () =>
      change(source, ["redirect = old.leads.test -> leads.test"]),
    );
    assertIntended("a domain becomes a redirect", moved, [200, 301]);
  });

  test("redirect: straight to https once its certificate is there", async () => {
    await certify(server, ["safe.test"]);
    await live("safe", ["https = true", "redirect = www", "redirect = later.test -> safe.test/x"]);
    const { httpsPort } = server.instance;
    const asked = ["http://www.safe.test/a?b", "https://www.safe.test/a?b", "http://later.test/"];
    for (let tries = 0; tries < 150; tries += 1) {
      if ((await statusOf("http://www.safe.test/")).includes("https")) break;
      await sleep(100);
    }
    assert.deepEqual(await Promise.all(asked.map((url) => statusOf(url))), [
      `301 https://safe.test:${httpsPort}/a?b`,
      `301 https://safe.test:${httpsPort}/a?b`,
      `301 https://safe.test:${httpsPort}/x/`,
    ]);
  });

  test("header: headers come, change and go", async () => {
    const source = await live("heads", []);
    const report = await under("http://heads.test/", {}, async () => {
      await change(source, ["header = X-A: 1, 2", "header = X-B: b"]);
      await change(source, ["header = X-A: 3"]);
      await change(source, []);
    });
    assertIntended("header", report, [200]);
  });

  test("allow-ip: a range shuts everybody out, another one lets them in", async () => {
    const source = await live("only", []);
    const report = await under("http://only.test/", { intended: [403] }, async () => {
      await change(source, ["allow-ip = 203.0.113.0/24"]);
      await change(source, ["allow-ip = 0.0.0.0/0", "allow-ip = ::/0"]);
      await change(source, []);
    });
    assertIntended("allow-ip", report, [200, 403]);
  });

  test("rate-limit: a low rate, a high one, none", async () => {
    const source = await live("rated", []);
    const report = await under("http://rated.test/", { intended: [429] }, async () => {
      await change(source, ["rate-limit = 50/s"]);
      await change(source, ["rate-limit = 100000/s"]);
      await change(source, []);
    });
    assertIntended("rate-limit", report, [200, 429]);
    const [receipt] = server.query(
      "SELECT receipt FROM releases WHERE service = 'rated' AND number = 3",
    );
    assert.equal(JSON.parse(String(receipt?.["receipt"])).failed, 0);
  });

  test("compress: on and off", async () => {
    const source = await live("zips", []);
    const zipped = { headers: { "accept-encoding": "identity" } };
    const report = await under("http://zips.test/", zipped, async () => {
      await change(source, ["compress = true"]);
      await change(source, []);
    });
    assertIntended("compress", report, [200]);
  });

  for (const [key, ...values] of [
    ["sticky", "true", "seat"],
    ["timeout", "30s", "60s"],
  ] as const)
    test(`${key}: on, changed, off`, async () => {
      const source = await live(key, ["scale = 2"]);
      const report = await under(`http://${key}.test/`, { slowPath: "/slow" }, async () => {
        for (const value of values) await change(source, ["scale = 2", `${key} = ${value}`]);
        await change(source, ["scale = 2"]);
      });
      assertIntended(key, report, [200]);
    });

  test("max-requests: few, many, no limit", async () => {
    const source = await live("few", []);
    const slow = { slowPath: "/slow", intended: [429] };
    const report = await under("http://few.test/", slow, async () => {
      await change(source, ["max-requests = 5"]);
      await change(source, ["max-requests = 5000"]);
      await change(source, []);
    });
    assertIntended("max-requests", report, [200, 429]);
  });

  test("max-body: a limit, another one, none; a body is refused by its length before it is sent", async () => {
    const source = await live("bodies", []);
    const kib = 1024;
    const seen: Record<string, string> = {};
    const ask = async (what: string): Promise<void> => {
      const bodies = [kib, 2 * kib, 2 * kib + 1, 900 * kib];
      const answers = [...bodies, undefined].map((size) => post("bodies.test", size));
      seen[what] = (await Promise.all(answers)).join(" ");
    };
    const load = { echoPath: "/echo", slowPath: "/slow" };
    const report = await under("http://bodies.test/", load, async () => {
      await ask("none");
      await change(source, ["max-body = 2k"]);
      await ask("2k");
      await change(source, ["max-body = 1m"]);
      await ask("1m");
      await change(source, []);
      await ask("none again");
    });
    const all = "200 200 200 200 200";
    assert.deepEqual(seen, {
      none: all,
      "2k": "200 200 413 by bodies/2 413 by bodies/2 411 by bodies/2",
      "1m": "200 200 200 200 411 by bodies/3",
      "none again": all,
    });
    assertIntended("max-body", report, [200]);
  });
});

// Alone: each request that waits takes 6 file descriptors of Docker's proxy for loopback, which ends at 20 000.
test("all of them where requests wait: kept, and changed", async () => {
  for (const user of ["ann", "bob"] as const) await setPassword("waits", user, passwords[user]);
  const keys = [
    "scale = 0",
    "allow-ip = 0.0.0.0/0",
    "rate-limit = 100000/s",
    "max-requests = 5000",
    "max-body = 1m",
    "header = X-A: 1",
    "compress = true",
  ];
  const source = await live("waits", [...keys, "auth = ann"]);
  const headers = basic("ann", passwords.ann);
  const report = await under("http://waits.test/", { headers, echoPath: "/echo" }, async () => {
    await source.write("page.txt", "second page");
    await server.mustPush(source);
    await change(source, [...keys, "auth = bob", "auth = ann"]);
    await change(source, [...keys.slice(0, 2), "auth = ann"]);
    await change(source, ["scale = 0"]);
  });
  assertIntended("all, while requests wait", report, [200]);
});
