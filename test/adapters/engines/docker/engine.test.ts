import assert from "node:assert/strict";
import { test } from "node:test";
import { openDocker } from "../../../../src/adapters/engines/docker/client.ts";
import { createContainers } from "../../../../src/adapters/engines/docker/containers.ts";
import { createEngine } from "../../../../src/adapters/engines/docker/engine.ts";
import { createBuilder } from "../../../../src/adapters/engines/docker/build.ts";
import { engineInfo } from "../../../../src/adapters/engines/docker/info.ts";
import type { BuildInput, ContextEntry } from "../../../../src/deploy/ports.ts";
import { startFakeDocker } from "../../../support/fake-docker.ts";
import type { FakeRoutes } from "../../../support/fake-docker.ts";

const ours = { "mypaas.instance": "mypaas" };
const inspected = (labels: object) => ({
  body: { Id: "abc", Name: "/web", Config: { Labels: labels }, State: {}, NetworkSettings: {} },
});

const containersAt = (socketPath: string) =>
  createContainers({ docker: openDocker(socketPath), instance: "mypaas", socketPath });

test("starting, stopping and removing what already is so are fine", async (t) => {
  const docker = await startFakeDocker({
    "GET /containers/abc/json": () => inspected(ours),
    "POST /containers/abc/start": () => ({ status: 304 }),
    "POST /containers/abc/stop": () => ({ status: 304 }),
    "DELETE /containers/abc": () => ({ status: 404, body: { message: "gone" } }),
  });
  t.after(docker.close);
  const containers = containersAt(docker.socketPath);
  await containers.start("abc");
  await containers.stop("abc", 1500);
  await containers.remove("abc");
  assert.deepEqual(docker.seen, [
    "GET /containers/abc/json",
    "POST /containers/abc/start",
    "POST /containers/abc/stop?t=2",
    "GET /containers/abc/json",
    "DELETE /containers/abc?force=true&v=true",
  ]);
});

test("one-off programs of a removed service end by their terminal or their stop signal, in their own time", async (t) => {
  const one = (Id: string, run: string) => ({ Id, Labels: { "mypaas.run": run } });
  const docker = await startFakeDocker({
    "GET /containers/json": () => ({ body: [one("a", "attached"), one("d", "detached")] }),
    "POST /containers/a/kill": () => ({ status: 204 }),
    "POST /containers/*/stop": () => ({ status: 204 }),
    "DELETE /containers/*": () => ({ status: 204 }),
  });
  t.after(docker.close);
  await createEngine({ instance: "mypaas", socketPath: docker.socketPath }).removeOneOffs("web");
  const of = (id: string) => docker.seen.filter((line) => line.includes(`/containers/${id}`));
  assert.deepEqual(of("a"), [
    "POST /containers/a/kill?signal=SIGHUP",
    "POST /containers/a/stop",
    "DELETE /containers/a?force=true&v=true",
  ]);
  assert.deepEqual(of("d"), ["POST /containers/d/stop", "DELETE /containers/d?force=true&v=true"]);
});

for (const [what, entry, said] of [
  ["its last line", { ExitCode: 1, Output: "1 of 2\nqueue is full\n" }, "queue is full"],
  ["its exit code, where it is silent", { ExitCode: 7, Output: " \n" }, "exit code 7"],
  ["nothing, where it is silent and fine", { ExitCode: 0, Output: "" }, ""],
] as const)
  test(`a HEALTHCHECK says ${what}`, async (t) => {
    const Health = { Status: "unhealthy", Log: [{ ExitCode: 0, Output: "older" }, entry] };
    const State = { Status: "running", Running: true, Health };
    const docker = await startFakeDocker({
      "GET /containers/abc/json": () => ({
        body: { ...inspected(ours).body, State, HostConfig: {}, Path: "/init", Args: ["x"] },
      }),
    });
    t.after(docker.close);
    const seen = await containersAt(docker.socketPath).inspect("abc");
    assert.equal(seen?.healthOutput, said);
    assert.deepEqual(seen?.program, ["/init", "x"]);
  });

test("nothing but inspect reaches a container without our label", async (t) => {
  const docker = await startFakeDocker({ "GET /containers/abc/json": () => inspected({}) });
  t.after(docker.close);
  const containers = containersAt(docker.socketPath);
  await assert.rejects(containers.remove("abc"), {
    message: 'container abc: not of instance "mypaas", so mypaas leaves it alone',
  });
  assert.deepEqual(docker.seen, ["GET /containers/abc/json"]);
});

test("what somebody starts by hand from an image of ours is none of a service's containers", async (t) => {
  const docker = await startFakeDocker({ "GET /containers/json": () => ({ body: [] }) });
  t.after(docker.close);
  const containers = containersAt(docker.socketPath);
  assert.deepEqual(await containers.list("web"), []);
  assert.deepEqual(docker.seen, [
    'GET /containers/json?all=true&filters={"label":["mypaas.instance=mypaas","mypaas.role=service","mypaas.service=web"]}',
  ]);
});

test("an image tells of labels that Traefik would read, in any case", async (t) => {
  const Labels = {
    "Traefik.Enable": "true",
    "traefik.http.x": "1",
    "my.traefik.": "",
    traefik: "",
  };
  const docker = await startFakeDocker({
    "GET /images/web/json": () => ({ body: { Id: "sha256:1", Config: { Labels } } }),
  });
  t.after(docker.close);
  const engine = createEngine({ instance: "mypaas", socketPath: docker.socketPath });
  const facts = await engine.inspectImage("web");
  assert.deepEqual(facts?.routingLabels, ["Traefik.Enable", "traefik.http.x"]);
});

const ping = () => ({ headers: { "api-version": "1.41", ostype: "linux" }, body: "OK" });

async function build(routes: FakeRoutes, more: Partial<BuildInput> = {}): Promise<unknown> {
  const docker = await startFakeDocker({ "GET /_ping": ping, ...routes });
  try {
    const random = (bytes: number): Buffer => Buffer.alloc(bytes);
    const { socketPath } = docker;
    const builder = createBuilder({ socketPath, now: () => 0, random, builder: "classic" });
    return await builder.build({
      service: "web",
      dockerfile: "Dockerfile",
      context: [],
      tag: "mypaas/web:r1",
      target: undefined,
      buildArgs: {},
      labels: {},
      options: { pull: false, noCache: false },
      onLine: () => undefined,
      signal: new AbortController().signal,
      ...more,
    });
  } finally {
    await docker.close();
  }
}

test("a build that ends without an image is a failure", async () => {
  await assert.rejects(build({ "POST /build": () => ({ body: "" }) }), {
    name: "UserError",
    message: "build web: Docker ended the build without an image",
    hint: "push again; if it fails again, read Docker's log on the server: journalctl -u docker",
  });
});

test("a context that breaks gives its own error, whatever the engine says", async () => {
  const entry: ContextEntry = {
    path: "a",
    mode: 0o644,
    size: 5,
    async *open() {
      yield Buffer.from("a");
      throw new Error("blob a: does not match its hash");
    },
  };
  const answer = { body: { aux: { ID: "sha256:1" } } };
  await assert.rejects(build({ "POST /build": () => answer }, { context: [entry] }), {
    message: "blob a: does not match its hash",
  });
});

test("the engine is asked for what the build wants, and its last image counts", async () => {
  let asked: URLSearchParams | undefined;
  const routes: FakeRoutes = {
    "POST /build": ({ query }) => {
      asked = query;
      return { body: '{"stream":"x"}\n{"aux":{"ID":"sha256:1"}}\n{"stream":"cut o' };
    },
    "GET /images/sha256:1/json": () => ({ body: { Id: "sha256:1", Config: { User: "5" } } }),
  };
  const more = {
    target: "prod",
    buildArgs: { A: "1" },
    labels: { l: "2" },
    options: { pull: true, noCache: true },
  };
  assert.deepEqual(await build(routes, more), {
    id: "sha256:1",
    exposed: [],
    hasHealthcheck: false,
    hasLauncher: false,
    user: "5",
    volumes: [],
    routingLabels: [],
  });
  assert.deepEqual(Object.fromEntries(asked ?? []), {
    version: "1",
    rm: "true",
    forcerm: "true",
    dockerfile: "Dockerfile",
    t: "mypaas/web:r1",
    buildargs: '{"A":"1"}',
    labels: '{"l":"2"}',
    target: "prod",
    pull: "true",
    nocache: "true",
  });
});

test("BuildKit is used from API 1.39 on unless the engine prefers the classic builder or is another one", async (t) => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, boolean])[] = [
    [{ "api-version": "1.41" }, true],
    [{ "api-version": "1.41", "builder-version": "2" }, true],
    [{ "api-version": "1.41", "builder-version": "1" }, false],
    [{ "api-version": "1.38" }, false],
    [{ "api-version": "1.41", "libpod-api-version": "5.0.0" }, false],
    [{}, false],
  ];
  for (const [headers, buildkit] of cases) {
    await t.test(JSON.stringify(headers), async () => {
      const docker = await startFakeDocker({
        "GET /_ping": () => ({ headers, body: "OK" }),
        "GET /version": () => ({
          body: { Version: "1", ApiVersion: "1.41", Os: "linux", Arch: "amd64" },
        }),
        "GET /info": () => ({ body: {} }),
      });
      assert.equal((await engineInfo(docker.socketPath)).buildkit, buildkit);
      await docker.close();
    });
  }
});
