import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  assertLossless,
  assertTakenAway,
  declare,
  loadOn,
  pushHeld,
  redeclare,
  under,
} from "../support/changes-e2e.ts";
import { freePort } from "../../scripts/machine/ports.ts";
import { startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { certify } from "../support/own-certificate-e2e.ts";
import type { Source } from "../support/source-e2e.ts";

let server: TestServer;
let published: number;

/** Every service at its first release; each test changes its own. */
const begin = {
  web: ["domain = web.test", "port = 3000", "scale = 1", "env = GREETING"],
  sizes: ["domain = sizes.test", "port = 3000", "scale = 1"],
  ports: ["domain = ports.test", "port = 3000", "scale = 1"],
  names: ["domain = a.names.test", "port = 3000", "scale = 1"],
  mover: ["domain = mover.test", "port = 3000", "scale = 1"],
  secure: ["domain = secure.test", "port = 3000", "scale = 1"],
  plain: ["domain = plain.test", "https = true", "port = 3000", "scale = 1"],
  main: ["domain = shared.test", "port = 3000", "scale = 1"],
  alone: ["domain = alone.test", "port = 3000", "scale = 0", "volume = data:/data"],
  worker: ["port = 3000", "scale = 1"],
} as const;
type Name = keyof typeof begin;
const sources = {} as Record<Name, Source>;

before(async () => {
  server = await startServer("t-e2eroutes");
  published = await freePort();
  await server.must(["env", "web", "set", "GREETING=hello", "-r", "prod"]);
  await certify(server, ["secure.test", "plain.test"]);
  for (const [name, keys] of Object.entries(begin))
    sources[name as Name] = await declare(server, name, keys);
  await Promise.all(Object.values(sources).map((source) => server.mustPush(source)));
});
after(() => server?.remove());

async function change(name: Name, ...keys: readonly string[]): Promise<void> {
  await redeclare(sources[name], keys);
  await server.mustPush(sources[name]);
}

// Two at a time, because most of a change is waiting for open requests to end.
// One at a time: each request that waits takes 6 file descriptors of Docker's proxy for loopback, which ends at 20 000.
describe("under 200 requests a second", () => {
  test("a value set on the server goes live with the next push", async () => {
    const report = await under(server, "http://web.test/", async () => {
      await server.must(["env", "web", "set", "GREETING=good evening", "-r", "prod"]);
      await server.mustPush(sources.web);
    });
    assertLossless("env", report, ["web/1", "web/2"]);
  });

  test("scale 1, 3, 2, 0, 2 safe and 2 follow one another", async () => {
    const report = await under(server, "http://sizes.test/", async () => {
      for (const scale of ["3", "2", "0", "2 safe", "2"])
        await change("sizes", "domain = sizes.test", "port = 3000", `scale = ${scale}`);
    });
    const all = [1, 2, 3, 4, 5, 6].map((number) => `sizes/${number}`);
    assertLossless("scale", report, all);
    assert.equal((await server.containers("sizes")).length, 2);
  });

  test("the port changes", async () => {
    const report = await under(server, "http://ports.test/", () =>
      change("ports", "domain = ports.test", "port = 4000", "scale = 1"),
    );
    assertLossless("port", report, ["ports/1", "ports/2"]);
  });

  test("a domain is added, and its first requests wait for the release that has it", async () => {
    await redeclare(sources.names, [
      "domain = a.names.test",
      "domain = b.names.test",
      "port = 3000",
      "scale = 1",
    ]);
    const a = loadOn(server, "http://a.names.test/");
    const isLive = await pushHeld(server, sources.names);
    const report = await under(server, "http://b.names.test/", isLive);
    assertLossless("domain added, the old one", await a.stop(), ["names/1", "names/2"]);
    assertLossless("domain added, the new one", report, ["names/2"]);
    await namesRemoved();
  });

  async function namesRemoved(): Promise<void> {
    const a = loadOn(server, "http://a.names.test/");
    const b = await under(server, "http://b.names.test/", () =>
      change("names", "domain = a.names.test", "port = 3000", "scale = 1"),
    );
    assertLossless("domain removed, the one that stays", await a.stop(), ["names/2", "names/3"]);
    assertTakenAway("domain removed", b, { releases: ["names/2"], status: 503 });
  }

  test("a domain moves to a path of itself", async () => {
    const rest = loadOn(server, "http://mover.test/");
    const path = await under(server, "http://mover.test/app/x", () =>
      change("mover", "domain = mover.test/app", "strip-prefix = true", "port = 3000", "scale = 1"),
    );
    assertLossless("moved to a path", path, ["mover/1", "mover/2"]);
    assertTakenAway("the rest of it", await rest.stop(), { releases: ["mover/1"], status: 503 });
  });

  test("http becomes https, and http redirects from the cut-over on", async () => {
    const http = loadOn(server, "http://secure.test/");
    await redeclare(sources.secure, [
      "domain = secure.test",
      "https = true",
      "port = 3000",
      "scale = 1",
    ]);
    const isLive = await pushHeld(server, sources.secure);
    const https = await under(server, "https://secure.test/", isLive);
    assertLossless("http to https, https", https, ["secure/2"]);
    const taken = { releases: ["secure/1"], status: 301 };
    assertTakenAway("http to https, http", await http.stop(), taken);
  });

  test("https becomes http", async () => {
    const https = loadOn(server, "https://plain.test/");
    const http = loadOn(server, "http://plain.test/");
    await change("plain", "domain = plain.test", "port = 3000", "scale = 1");
    // Whoever knows it over https is answered there, and let go.
    assertLossless("https to http, https", await https.stop(), ["plain/1", "plain/2"]);
    // Until the cut-over http redirects, so the answers are those of the new release.
    assertTakenAway("https to http, http", await http.stop(), {
      releases: ["plain/2"],
      status: 301,
    });
  });

  test("a service takes a path below the domain of another one, and gives it back", async () => {
    const keys = ["port = 3000", "scale = 1"];
    const api = await declare(server, "api", ["domain = shared.test/api", ...keys]);
    const main = loadOn(server, "http://shared.test/");
    const path = await under(server, "http://shared.test/api/x", () => server.mustPush(api));
    assertLossless("a path of another's domain", path, ["main/1", "api/1"]);
    await redeclare(api, ["domain = api.test", ...keys]);
    const back = await under(server, "http://shared.test/api/x", () => server.mustPush(api));
    assertLossless("the path given back", back, ["api/1", "main/1"]);
    assertLossless("the domain meanwhile", await main.stop(), ["main/1"]);
  });

  test("a published port: requests wait while it changes hands", async () => {
    const keys = ["domain = alone.test", "port = 3000", "volume = data:/data"];
    const report = await under(server, "http://alone.test/", () =>
      change("alone", ...keys, "scale = 1", `publish = ${published}:3000`),
    );
    assertLossless("published, with a volume", report, ["alone/1", "alone/2"]);
    const answer = await fetch(`http://127.0.0.1:${published}/`);
    assert.deepEqual([answer.status, await answer.text()], [200, "first page"]);
  });

  test("a service without any domain is replaced and answers to nobody outside", async () => {
    await sources.worker.write("page.txt", "second page");
    await server.mustPush(sources.worker);
    assert.deepEqual(await server.containers("worker"), [`${server.instance.name}-worker running`]);
    assert.equal((await server.get("worker")).status, 503);
  });
});
