import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { UserError } from "../../../src/core/errors.ts";
import { writeFileAtomic } from "../../../src/adapters/files.ts";
import { probeRoute } from "../../../src/adapters/traefik/route-probe.ts";
import { createTraefikRouter } from "../../../src/adapters/traefik/router.ts";
import { release } from "../../support/releases.ts";

const server = { instance: "mypaas", httpsPort: 443 };
const nothing = { routers: [], gone: [], servers: {} };
const web42 = release("web", 42, { routes: ["http://a.test"] });
const web43 = release("web", 43, { routes: ["http://a.test"] });
const hold = { kind: "hold", service: "web", to: web43, from: web42, mode: "serving" } as const;

test("the file follows the last change, and a change that cannot be written does not happen", async (t) => {
  const written: string[] = [];
  let isFull = false;
  const { router } = await routerFor(t, {
    write: async (yaml) => {
      if (isFull) throw new Error("ENOSPC");
      written.push(yaml);
    },
  });
  await router.refresh();
  isFull = true;
  await assert.rejects(router.apply(hold), { message: "ENOSPC" });
  isFull = false;
  await router.refresh();
  assert.equal(written[0], written[1]);
  await router.apply(hold);
  await router.apply(hold);
  assert.equal(written[2], written[3]);
  assert.ok("hold-web-r43-1" in parse(written[2] ?? "").http.routers);
});

test("parallel changes are written one after the other, and the last file has them all", async (t) => {
  let writing = 0;
  let file = "";
  const { router } = await routerFor(t, {
    write: async (yaml) => {
      assert.equal((writing += 1), 1);
      await new Promise(setImmediate);
      writing -= 1;
      file = yaml;
    },
  });
  const services = ["a", "b", "c", "d"];
  await Promise.all(
    services.map((service) =>
      router.apply({
        kind: "hold",
        service,
        to: release(service, 1, { routes: [`http://${service}.test`] }),
        from: undefined,
        mode: "wait",
      }),
    ),
  );
  const names = Object.keys(parse(file).http.routers).filter((name) => name.startsWith("hold-"));
  assert.deepEqual(
    names,
    services.map((service) => `hold-${service}-r1-1`),
  );
});

test("confirm waits until the file, the routers and the servers are there", async (t) => {
  const fake = await routerFor(t);
  await fake.router.apply(hold);
  const expected = { routers: ["web-r43-1@docker"], gone: [], servers: { "web-r43@docker": 2 } };
  const looks = [
    () => fake.show({ file: false, up: 0 }),
    () => fake.show({ file: true, up: 0 }),
    () => fake.show({ file: true, up: 1 }),
    () => fake.show({ file: true, up: 2 }),
  ];
  fake.beforeLook(() => looks.shift()?.());
  await fake.router.confirm(expected, 60_000);
  assert.equal(looks.length, 0);
});

test("a lost event is replaced by a nudge after 3 s", async (t) => {
  const fake = await routerFor(t);
  await fake.router.refresh();
  fake.show({ file: true, up: 0 });
  fake.onNudge(() => fake.show({ file: true, up: 2 }));
  await fake.router.confirm({ ...nothing, servers: { "web-r43@docker": 2 } }, 60_000);
  assert.equal(fake.nudges(), 1);
  assert.ok(fake.waited() >= 3_000 && fake.waited() < 3_100);
});

test("confirm fails with the missing parts", async (t) => {
  const fake = await routerFor(t, { pace: 10 });
  await fake.router.refresh();
  fake.show({ file: true, up: 1 });
  const asked = {
    routers: ["web-r43-9@docker"],
    gone: ["web-r43-1@docker"],
    servers: { "web-r43@docker": 2 },
  };
  await assert.rejects(fake.router.confirm(asked, 10_000), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.message, "traefik: did not load the routing within 10 s");
    assert.equal(error.hint, "read its log: docker logs mypaas-traefik");
    assert.equal(error.code, "routing");
    assert.deepEqual(error.details, [
      "router web-r43-9@docker is not there",
      "router web-r43-1@docker is still there",
      "service web-r43@docker lists 2 servers and 1 of them up instead of 2",
    ]);
    return true;
  });
});

test("a wildcard route is probed at a name that no other service is likely to have", async (t) => {
  const asked: (string | undefined)[] = [];
  const traefik = createServer((request, response) => {
    asked.push(request.headers.host);
    response.setHeader("X-Mypaas-Release", "web/43").end();
  });
  await new Promise<void>((resolve) => traefik.listen(0, "127.0.0.1", resolve));
  t.after(() => traefik.close());
  const { port } = traefik.address() as AddressInfo;
  const entry = { host: "127.0.0.1", httpPort: port, httpsPort: 1 };
  assert.deepEqual(await probeRoute(entry, { host: "*.a.test", path: "", https: false }), {
    release: "web/43",
    status: 200,
    asked: 1,
  });
  assert.equal(await probeRoute(entry, { host: "*.a.test", path: "", https: true }), undefined);
  assert.deepEqual(asked, ["mypaas-asks.a.test"]);
});

for (const [head, get, expected] of [
  [500, 200, { status: 200, asked: 2 }],
  [501, 500, { status: 500, asked: 2 }],
  [404, 200, { status: 404, asked: 1 }],
  [503, 200, { status: 503, asked: 1 }],
] as const)
  test(`a route that answers HEAD with ${head} and GET with ${get} counts as ${expected.status}`, async (t) => {
    const traefik = createServer((request, response) => {
      const status = request.method === "HEAD" ? head : get;
      response.writeHead(status, { "X-Mypaas-Release": "web/43" }).end();
    });
    await new Promise<void>((resolve) => traefik.listen(0, "127.0.0.1", resolve));
    t.after(() => traefik.close());
    const { port } = traefik.address() as AddressInfo;
    const entry = { host: "127.0.0.1", httpPort: port, httpsPort: 1 };
    const seen = await probeRoute(entry, { host: "a.test", path: "", https: false });
    assert.deepEqual(seen, { release: "web/43", ...expected });
  });

test("confirm goes on when the nudge fails, and reports that when it fails", async (t) => {
  const fake = await routerFor(t, { pace: 10 });
  await fake.router.refresh();
  fake.show({ file: true, up: 1 });
  fake.onNudge(() => {
    throw new Error("no such image");
  });
  const servers = { "web-r43@docker": 2 };
  await assert.rejects(fake.router.confirm({ ...nothing, servers }, 10_000), (error) => {
    assert.ok(error instanceof UserError);
    assert.deepEqual(error.details, [
      "service web-r43@docker lists 2 servers and 1 of them up instead of 2",
      "docker could not send an event: no such image",
    ]);
    return true;
  });
  assert.equal(fake.nudges(), 3);
});

test("confirm waits longer for a Traefik that does not answer, and then reports it", async (t) => {
  const fake = await routerFor(t, { api: "http://127.0.0.1:1" });
  await assert.rejects(fake.router.confirm(nothing, 100), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.message, "traefik: did not load the routing within 30 s");
    assert.equal(error.hint, "read its log: docker logs mypaas-traefik");
    assert.equal(error.code, "traefik-silent");
    assert.deepEqual(error.details, [
      "Traefik's API does not answer: connect ECONNREFUSED 127.0.0.1:1",
    ]);
    return true;
  });
  assert.equal(fake.nudges(), 0);
});

test("confirm has a hint for a Traefik that does not run", async (t) => {
  const fake = await routerFor(t);
  fake.away(new UserError("traefik: container x does not run", { code: "traefik-away" }));
  await assert.rejects(fake.router.confirm(nothing, 10_000), (error) => {
    assert.ok(error instanceof UserError);
    assert.equal(error.message, "traefik: did not load the routing within 40 s");
    assert.equal(error.hint, "start it: sudo mypaas init");
    assert.equal(error.code, "traefik-away");
    assert.deepEqual(error.details, [
      "Traefik's API does not answer: traefik: container x does not run",
    ]);
    return true;
  });
});

test("while Traefik is being restarted no release answers", async (t) => {
  const fake = await routerFor(t);
  fake.away(new UserError("traefik: container x does not run", { code: "traefik-away" }));
  const route = { host: "a.test", path: "", https: false };
  assert.equal(await fake.router.answeringRelease(route), undefined);
});

test("the dynamic file is replaced as a whole, readable for its owner only, and leaves nothing behind", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "mypaas-"));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const [path, next] = [join(dir, "a.yml"), join(dir, "a.next")];
  await writeFileAtomic(path, "first, and longer", { mode: 0o640 }, next);
  await writeFileAtomic(path, "second", { mode: 0o640 }, next);
  assert.equal(await readFile(path, "utf8"), "second");
  assert.equal((await stat(path)).mode & 0o777, 0o640);
  assert.deepEqual(await readdir(dir), ["a.yml"]);
});

/** A router with a fake Traefik API that shows what the test says, and a clock that only its sleeps move, with `pace` further than they say. */
async function routerFor(
  t: TestContext,
  options: { write?: (yaml: string) => Promise<void>; api?: string; pace?: number } = {},
) {
  let written = "";
  let shown = { file: true, up: 0 };
  let [now, nudged] = [0, 0];
  let [beforeLook, onNudge] = [() => {}, () => {}];
  let away: Error | undefined;
  const api = createServer((request, response) => {
    assert.equal(request.url, "/api/rawdata");
    beforeLook();
    response.end(JSON.stringify(rawdata(shown, written)));
  });
  await new Promise<void>((done) => api.listen(0, "127.0.0.1", done));
  t.after(() => {
    api.closeAllConnections();
    api.close();
  });
  const { port } = api.address() as AddressInfo;
  const router = createTraefikRouter({
    state: { server, live: [web42], switches: [] },
    write: async (yaml) => {
      await options.write?.(yaml);
      written = yaml;
    },
    locate: async () => {
      if (away !== undefined) throw away;
      return {
        api: options.api ?? `http://127.0.0.1:${port}`,
        entry: { host: "127.0.0.1", httpPort: 1, httpsPort: 1 },
      };
    },
    nudge: async () => {
      nudged += 1;
      onNudge();
    },
    clock: {
      now: () => now,
      sleep: async (ms) => {
        now += ms * (options.pace ?? 1);
      },
    },
  });
  return {
    router,
    show: (next: typeof shown) => (shown = next),
    beforeLook: (call: () => void) => (beforeLook = call),
    onNudge: (call: () => void) => (onNudge = call),
    nudges: () => nudged,
    /** Traefik cannot be located from now on. */
    away: (error: Error) => (away = error),
    waited: () => now,
  };
}

function rawdata(shown: { file: boolean; up: number }, yaml: string) {
  const routers = shown.file ? Object.entries(parse(yaml)?.http.routers ?? {}) : [];
  const servers = [1, 2].map((n) => [`http://${n}`, n <= shown.up ? "UP" : "DOWN"]);
  return {
    routers: {
      "api@internal": { status: "enabled" },
      "web-r43-1@docker": { status: "enabled" },
      ...Object.fromEntries(
        routers.map(([name, router]) => [
          `${name}@file`,
          { ...(router as object), status: "enabled" },
        ]),
      ),
    },
    services: { "web-r43@docker": { serverStatus: Object.fromEntries(servers) } },
  };
}
