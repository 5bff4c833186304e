import assert from "node:assert/strict";
import { test } from "node:test";
import {
  containerPlan,
  replicaPlans,
  runPlan,
} from "../../../../src/adapters/engines/docker/container-plan.ts";
import { createOptions } from "../../../../src/adapters/engines/docker/create-options.ts";
import { release } from "../../../support/releases.ts";

const server = { instance: "demo", httpsPort: 8443 };

test("a replica is planned under its own name, with everything that its release says", () => {
  const one = release("web", 43, {
    instance: "demo",
    routes: ["http://a.test"],
    env: { PORT: "3000" },
    mounts: [{ type: "volume", source: "demo-web-data", target: "/data", readOnly: true }],
    spec: {
      publish: [{ ip: "127.0.0.1", hostPort: 5000, containerPort: 5000, protocol: "udp" }],
      maxCpu: 0.5,
      maxMemoryBytes: 1024,
      stopTimeoutMs: 7_000,
      init: false,
      shmBytes: 2 ** 28,
      ulimits: [{ name: "nofile", soft: 1024, hard: 65_536 }],
    },
  });
  const { labels, ...plan } = containerPlan(one, 2, { server, aliases: ["x.test"] });
  assert.deepEqual(plan, {
    name: "demo-web-r43-2",
    image: "demo/web:r43",
    env: { PORT: "3000" },
    network: "demo",
    aliases: ["x.test"],
    mounts: one.mounts,
    publish: one.spec.publish,
    maxCpu: 0.5,
    maxMemoryBytes: 1024,
    stopTimeoutMs: 7_000,
    capAdd: [
      "CHOWN",
      "DAC_OVERRIDE",
      "FOWNER",
      "KILL",
      "NET_BIND_SERVICE",
      "SETGID",
      "SETPCAP",
      "SETUID",
    ],
    pidsLimit: 1024,
    init: false,
    shmBytes: 2 ** 28,
    ulimits: one.spec.ulimits,
  });
  assert.equal(labels["mypaas.replica"], "2");
  assert.equal(labels["traefik.docker.network"], "demo");
});

test("no replica has an alias unless it is asked for", () => {
  assert.deepEqual(containerPlan(release("web", 1), 1, { server }).aliases, []);
});

test("replicas of a release bring the same labels for Traefik", () => {
  const one = release("web", 1, { routes: ["https://a.test"] });
  const seen = [1, 2].map((replica) =>
    Object.entries(containerPlan(one, replica, { server }).labels).filter(([name]) =>
      name.startsWith("traefik."),
    ),
  );
  assert.deepEqual(seen[0], seen[1]);
});

test("a one-off container has what a replica has but routes, published ports and a place among the replicas", () => {
  const one = release("web", 43, {
    instance: "demo",
    routes: ["http://a.test"],
    env: { PORT: "3000" },
    mounts: [{ type: "volume", source: "demo-web-data", target: "/data", readOnly: true }],
    spec: { publish: [{ ip: "127.0.0.1", hostPort: 5000, containerPort: 5000, protocol: "udp" }] },
  });
  const replica = containerPlan(one, 1, { server });
  const plan = runPlan(one, {
    name: "demo-web-run-ab12",
    command: ["node", "x.js"],
    isDetached: false,
  });
  assert.deepEqual(plan, {
    ...replica,
    name: "demo-web-run-ab12",
    command: ["node", "x.js"],
    publish: [],
    labels: {
      "mypaas.instance": "demo",
      "mypaas.role": "run",
      "mypaas.service": "web",
      "mypaas.release": "43",
      "mypaas.run": "attached",
      "traefik.enable": "false",
    },
  });
  const detached = runPlan(one, { name: "demo-web-run-ab12", command: ["x"], isDetached: true });
  assert.equal(detached.labels["mypaas.run"], "detached");
});

test("a program by hand gets the environment of a process, and the launcher of an image of buildpacks", () => {
  const processes = [{ name: "worker", command: "node w.js", replicas: 2 }];
  const one = release("web", 1, { hasLauncher: true, env: { A: "1" }, spec: { processes } });
  const { env, entrypoint, command } = runPlan(one, {
    name: "x",
    command: ["node", "w.js"],
    process: "worker",
    isDetached: false,
  });
  assert.deepEqual(env, { A: "1", MYPAAS_PROCESS: "worker", MYPAAS_SCALE: "2" });
  assert.deepEqual(entrypoint, ["/cnb/lifecycle/launcher"]);
  assert.deepEqual(command, ["--", "node", "w.js"]);
});

test("secrets are files that no container may change, in replicas and in programs by hand", () => {
  const source = "/var/lib/mypaas/secrets/web/0f-1000";
  const file = { name: "KEY", version: "0f", source, target: "/run/secrets/KEY" };
  const one = release("web", 1, { secretFiles: [file] });
  const mount = { type: "bind", source, target: "/run/secrets/KEY", readOnly: true };
  assert.deepEqual(containerPlan(one, 1, { server }).mounts, [mount]);
  const run = { name: "x", command: ["sh"], isDetached: false };
  assert.deepEqual(runPlan(one, run).mounts, [mount]);
});

test("another process has the image, values and volumes of its release, and no port, route, name or health check", () => {
  const processes = [
    { name: "worker", command: "node w.js", replicas: 2 },
    { name: "idle", command: "node i.js", replicas: 0 },
  ];
  const one = release("web", 43, {
    instance: "demo",
    routes: ["http://a.test"],
    env: { PORT: "3000", MYPAAS_SCALE: "1" },
    mounts: [
      { type: "volume", source: "demo-web-data", target: "/data", readOnly: false },
      { type: "volume", source: "0".repeat(64), target: "/old", readOnly: false, carried: true },
    ],
    spec: {
      processes,
      command: "node s.js && true",
      publish: [{ ip: "127.0.0.1", hostPort: 5000, containerPort: 5000, protocol: "tcp" }],
    },
  });
  const [own, ...workers] = replicaPlans(one, server);
  assert.deepEqual(own?.command, ["/bin/sh", "-c", "node s.js && true"]);
  assert.deepEqual(
    workers.map(({ name }) => name),
    ["demo-web-r43-worker-1", "demo-web-r43-worker-2"],
  );
  const [, plan] = workers;
  assert.deepEqual(
    [plan?.command, plan?.env, plan?.mounts, plan?.publish, plan?.aliases, plan?.image],
    [
      ["node", "w.js"],
      { PORT: "3000", MYPAAS_SCALE: "2", MYPAAS_PROCESS: "worker" },
      one.mounts.slice(0, 1),
      [],
      [],
      own?.image,
    ],
  );
  const { "mypaas.process": process, "mypaas.replica": replica, ...labels } = plan?.labels ?? {};
  assert.deepEqual([process, replica], ["worker", "2"]);
  assert.deepEqual(
    Object.keys(labels).filter((key) => key.startsWith("traefik.")),
    ["traefik.enable"],
  );
  assert.equal(own?.labels["mypaas.process"], undefined);
  if (plan === undefined) assert.fail();
  assert.deepEqual(createOptions(plan).Healthcheck, { Test: ["NONE"] });
});
