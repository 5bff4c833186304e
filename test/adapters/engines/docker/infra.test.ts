import assert from "node:assert/strict";
import { test } from "node:test";
import { createInfra } from "../../../../src/adapters/engines/docker/infra.ts";
import { startFakeDocker } from "../../../support/fake-docker.ts";
import { refusal } from "../../../support/worker.ts";

const taken: readonly (readonly [string, number, string])[] = [
  [
    "no range is left",
    404,
    "could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
  ],
  ["the range is in use", 403, "Pool overlaps with other one on this address space"],
  ["a newer engine has none left", 400, "all predefined address pools have been fully subnetted"],
];

for (const [title, status, message] of taken) {
  test(`a network for which ${title} is refused in the engine's words`, async (t) => {
    const docker = await startFakeDocker({
      "GET /networks/mypaas": () => ({ status: 404, body: { message: "no such network" } }),
      "POST /networks/create": () => ({ status, body: { message } }),
    });
    t.after(docker.close);
    const infra = createInfra({ instance: "mypaas", socketPath: docker.socketPath });
    const plan = { name: "mypaas", internal: false, labels: {} };
    assert.equal(
      await refusal(() => infra.ensureNetwork(plan)),
      `network "mypaas": no free address range, ${message}\nhint: remove unused networks: docker network prune`,
    );
  });
}

const others: readonly (readonly [string, object, string])[] = [
  [
    "of somebody else",
    { Internal: false, Labels: {} },
    'network "mypaas": not made by mypaas\nhint: choose another instance name: mypaas init --instance NAME, or remove it: docker network rm mypaas',
  ],
  [
    "of ours with other settings",
    { Internal: true, Labels: { "mypaas.instance": "mypaas" } },
    'network "mypaas": has other settings than mypaas gives it\nhint: remove it and run init again: docker network rm mypaas',
  ],
];

for (const [title, facts, expected] of others) {
  test(`a network ${title} is left as it is`, async (t) => {
    const docker = await startFakeDocker({
      "GET /networks/mypaas": () => ({ body: { Id: "abc", Name: "mypaas", ...facts } }),
    });
    t.after(docker.close);
    const infra = createInfra({ instance: "mypaas", socketPath: docker.socketPath });
    const plan = { name: "mypaas", internal: false, labels: {} };
    assert.equal(await refusal(() => infra.ensureNetwork(plan)), expected);
    assert.deepEqual(docker.seen, ["GET /networks/mypaas"]);
  });
}

test("a network with a subnet of its own gets one that the engine has found free", async (t) => {
  const subnet = { Subnet: "172.30.0.0/16", Gateway: "172.30.0.1" };
  const created: unknown[] = [];
  const docker = await startFakeDocker({
    "GET /networks/demo-relay": () => ({ status: 404, body: { message: "no such network" } }),
    // A crash may have left it.
    "DELETE /networks/demo-relay-probe": () => ({ status: 204, body: "" }),
    "GET /networks/demo-relay-probe": () => ({
      body: { Name: "demo-relay-probe", IPAM: { Config: [{ Subnet: "fd00::/64" }, subnet] } },
    }),
    "POST /networks/create": ({ body }) => {
      created.push(JSON.parse(body.toString()));
      return { status: 201, body: { Id: "n" } };
    },
  });
  t.after(docker.close);
  const infra = createInfra({ instance: "demo", socketPath: docker.socketPath });
  const plan = { name: "demo-relay", internal: true, hasOwnSubnet: true, labels: {} } as const;
  assert.equal(await infra.ensureNetwork(plan), "created");
  const common = { Driver: "bridge", Internal: true, CheckDuplicate: true, Labels: {} };
  assert.deepEqual(created, [
    { ...common, Name: "demo-relay-probe" },
    { ...common, Name: "demo-relay", IPAM: { Config: [subnet] } },
  ]);
  const seen = docker.seen.map((line) => line.split("?")[0]);
  assert.deepEqual(seen, [
    "GET /networks/demo-relay",
    "DELETE /networks/demo-relay-probe",
    "POST /networks/create",
    "GET /networks/demo-relay-probe",
    "DELETE /networks/demo-relay-probe",
    "POST /networks/create",
  ]);
});

test("a network that reaches the host is made anew without one, and its running containers join it again", async (t) => {
  const bodies: unknown[] = [];
  const keep = ({ body }: { readonly body: Buffer }) => {
    bodies.push(JSON.parse(body.toString()));
    return { status: 201, body: { Id: "new" } };
  };
  const docker = await startFakeDocker({
    "GET /networks/demo-receiver": () => ({
      body: {
        Name: "demo-receiver",
        Internal: true,
        Labels: { "mypaas.instance": "demo" },
        Containers: { abcdef: { Name: "demo-traefik", IPv4Address: "172.30.0.2/16" } },
      },
    }),
    "GET /containers/abcdef/json": () => ({
      body: { NetworkSettings: { Networks: { "demo-receiver": { Aliases: ["door", "abc"] } } } },
    }),
    "POST /networks/demo-receiver/disconnect": keep,
    "DELETE /networks/demo-receiver": () => ({ status: 204, body: "" }),
    "POST /networks/create": keep,
    "POST /networks/demo-receiver/connect": keep,
  });
  t.after(docker.close);
  const infra = createInfra({ instance: "demo", socketPath: docker.socketPath });
  const plan = {
    name: "demo-receiver",
    internal: true,
    isWithoutServer: true,
    labels: {},
  } as const;
  assert.equal(await infra.ensureNetwork(plan), "replaced");
  assert.deepEqual(bodies, [
    { Container: "abcdef", Force: true },
    {
      Name: "demo-receiver",
      Driver: "bridge",
      Internal: true,
      Options: { "com.docker.network.bridge.inhibit_ipv4": "true" },
      CheckDuplicate: true,
      Labels: {},
    },
    { Container: "abcdef", EndpointConfig: { Aliases: ["door"] } },
  ]);
  assert.ok(docker.seen.indexOf("DELETE /networks/demo-receiver") < docker.seen.length - 2);
});
