import assert from "node:assert/strict";
import { test } from "node:test";
import type { InstanceConfig } from "../../../src/core/server/instance.ts";
import { networkPlans, traefikContainer } from "../../../src/core/server/infra.ts";

const config: InstanceConfig = {
  version: 1,
  instance: "demo",
  server: "0123456789abcdef",
  stateDir: "/var/lib/demo",
  runDir: "/run/demo",
  bind: "127.0.0.1",
  httpPort: 8080,
  httpsPort: 8443,
  traefikImage: "traefik:v3.7.15",
  receiverImage: "demo/receiver",
  owner: { name: "ada", home: "/home/ada" },
  volumes: { allow: [] },
};

test("Traefik's container has no root, no capability, and one writable directory", () => {
  const plan = traefikContainer(config);
  assert.equal(plan.user, "65533:65533");
  assert.deepEqual([plan.readOnly, plan.capDrop, plan.noNewPrivileges], [true, ["ALL"], true]);
  assert.deepEqual(
    plan.mounts.filter(({ readOnly }) => !readOnly).map(({ source }) => source),
    ["/var/lib/demo/traefik/acme"],
  );
  assert.ok(plan.mounts.every(({ source }) => !source.endsWith(".sock")));
});

test("Traefik gets the values for the DNS provider as its environment, and the CA of its ACME server", () => {
  const acme = { server: "https://ca.test/dir", hasCa: true, lifetimeHours: 24 };
  const plan = traefikContainer({ ...config, acme }, { TOKEN: "x" });
  assert.deepEqual(plan.env, { TOKEN: "x" });
  assert.deepEqual(plan.mounts.at(-1), {
    type: "bind",
    source: "/var/lib/demo/traefik/acme-ca.pem",
    target: "/etc/mypaas/acme-ca.pem",
    readOnly: true,
  });
  assert.equal("env" in traefikContainer(config), false);
});

test("Traefik publishes its two entry points and nothing else", () => {
  assert.deepEqual(traefikContainer(config).ports, [
    { ip: "127.0.0.1", hostPort: 8080, containerPort: 8000 },
    { ip: "127.0.0.1", hostPort: 8443, containerPort: 8443 },
  ]);
});

test("only the network of the services leads outside, that of the receiver not even to the host, and Traefik is in all of them", () => {
  const networks = networkPlans("demo");
  assert.deepEqual(
    networks.map(({ name, internal, isWithoutServer }) => [name, internal, isWithoutServer]),
    [
      ["demo", false, undefined],
      ["demo-api", true, undefined],
      ["demo-receiver", true, true],
    ],
  );
  assert.deepEqual(
    traefikContainer(config).networks.map(({ name }) => name),
    networks.map(({ name }) => name),
  );
});
