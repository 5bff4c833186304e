import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { dynamicConfig } from "../../../src/core/routing/dynamic-config.ts";
import { dynamicYaml } from "../../../src/core/routing/dynamic-yaml.ts";
import { instancePaths } from "../../../src/core/server/instance.ts";
import { identityFile, makeIdentity } from "../../../src/adapters/host/certificate.ts";
import { examine } from "../../../src/worker/doctor/examine.ts";
import { startFakeDocker } from "../../support/fake-docker.ts";
import { scratch, scratchState, testConfig } from "../../support/worker.ts";

const now = Date.UTC(2026, 10, 21);

/** A server of which nothing runs: no Docker, no Traefik, no other worker. */
async function bareServer(t: TestContext, engineSocket?: string) {
  const dir = scratch(t);
  const { domain: _, ...config } = testConfig(dir, { httpPort: 1, httpsPort: 1 });
  const paths = instancePaths(config);
  for (const folder of [paths.blobs, paths.dynamicDir]) mkdirSync(folder, { recursive: true });
  writeFileSync(paths.identity, identityFile(await makeIdentity(config.server, now)));
  const routing = {
    server: { instance: "mypaas", httpsPort: 443 },
    live: [],
    switches: [],
    stopped: [],
    yields: [],
  };
  writeFileSync(paths.dynamicFile, dynamicYaml(dynamicConfig(routing)));
  const health = await examine(
    {
      world: { now: () => now },
      config,
      state: scratchState(t),
      engineSocket: engineSocket ?? `${dir}/docker.sock`,
      version: "1.2.3",
      router: { state: () => routing },
      certificates: { list: () => ({ certificates: [] }) },
    },
    undefined,
  );
  return { ...health, dir };
}

test("without Docker its check fails, dependent checks are skipped, and all others run", async (t) => {
  const { checks, version, httpPort, dir } = await bareServer(t);
  assert.deepEqual([version, httpPort], ["1.2.3", 1]);
  const results = checks.map(({ id, title, result }) => [id, title, result]);
  const expected = [
    ["docker", "Docker", "failed"],
    ["traefik", "Traefik", "skipped"],
    ["routing", "routing", "skipped"],
    ["dynamic-file", "Traefik's dynamic file", "ok"],
    ["receiver", "receiver", "skipped"],
    ["units", "systemd units", "skipped"],
    ["sockets", "sockets", "failed"],
    ["ports", "http port on the server", "failed"],
    ["ports", "https port on the server", "failed"],
    ["dns", "DNS", "skipped"],
    ["proxies", "trusted proxies", "ok"],
    ["certificates", "certificate", "ok"],
    ["certificates", "certificates", "skipped"],
    ["services", "services", "skipped"],
    ["volumes", "volumes", "skipped"],
    ["maintenance", "maintenance", "skipped"],
    ["links", "links", "ok"],
    ["published", "published ports", "skipped"],
    ["orphans", "orphans", "skipped"],
    ["logs", "container logs", "skipped"],
  ];
  // Disk and memory are those of the machine.
  assert.deepEqual(
    results.filter(([id]) => id !== "disk" && id !== "memory"),
    expected,
  );
  const docker = checks.find(({ id }) => id === "docker");
  assert.match(docker?.evidence ?? "", /^docker: not (running|installed)/);
  const sockets = checks.find(({ id }) => id === "sockets");
  assert.equal(sockets?.evidence, `${dir}/run/local/local.sock: connection refused`);
});

test("on an empty engine the checks of Traefik and receiver fail", async (t) => {
  const empty = { body: [] };
  const docker = await startFakeDocker({
    "GET /_ping": () => ({ body: "OK", headers: { "api-version": "1.43" } }),
    "GET /version": () => ({
      body: { Version: "28.0.1", ApiVersion: "1.48", Os: "linux", Arch: "amd64" },
    }),
    "GET /info": () => ({ body: { Driver: "overlay2", DockerRootDir: "/nowhere" } }),
    "GET /containers/json": () => empty,
    "GET /images/json": () => empty,
    "GET /volumes": () => ({ body: { Volumes: null } }),
    "GET /networks": () => empty,
  });
  t.after(docker.close);
  const { checks } = await bareServer(t, docker.socketPath);
  const said = (id: string) => {
    const { result, evidence, hint } = checks.find((one) => one.id === id) ?? assert.fail(id);
    return [result, evidence, hint];
  };
  assert.deepEqual(said("docker"), ["ok", "28.0.1, API 1.48, overlay2", undefined]);
  assert.deepEqual(said("traefik"), [
    "failed",
    "container mypaas-traefik does not exist, so no service answers",
    "start it: sudo mypaas init",
  ]);
  assert.deepEqual(said("receiver"), [
    "failed",
    "container mypaas-receiver does not exist, so nothing can be pushed from outside",
    "start it: sudo mypaas init",
  ]);
  assert.deepEqual(said("orphans"), ["ok", "none", undefined]);
  assert.deepEqual(said("services"), ["ok", "no service runs", undefined]);
});
