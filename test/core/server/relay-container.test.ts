import assert from "node:assert/strict";
import { test } from "node:test";
import { traefikContainer } from "../../../src/core/server/infra.ts";
import type { InstanceConfig } from "../../../src/core/server/instance.ts";
import {
  relayContainer,
  relayNetworkOf,
  relayNetworkPlan,
} from "../../../src/core/server/relay-container.ts";
import { infraOptions } from "../../../src/adapters/engines/docker/create-options.ts";

const config: InstanceConfig = {
  version: 1,
  instance: "demo",
  server: "0123456789abcdef",
  stateDir: "/var/lib/demo",
  runDir: "/run/demo",
  bind: ["0.0.0.0", "::"],
  httpPort: 80,
  httpsPort: 443,
  traefikImage: "traefik:v3.7.15",
  receiverImage: "demo/receiver",
  owner: { name: "ada", home: "/home/ada" },
  volumes: { allow: [] },
};
const node = { files: [{ source: "/usr/bin/node", target: "/node" }], stamp: "s" };
const more = { image: "demo/relay", node, network: { gateway: "10.1.0.1", traefik: "10.1.0.2" } };

test("the relay is on the host's network, without Docker, and root only for low ports", () => {
  const plan = relayContainer(config, more);
  assert.deepEqual(
    [plan.readOnly, plan.capDrop, plan.noNewPrivileges, plan.networks, plan.ports],
    [true, ["ALL"], true, [], []],
  );
  assert.deepEqual([plan.user, plan.capAdd], ["0:0", ["NET_BIND_SERVICE", "SETGID", "SETUID"]]);
  assert.ok(plan.mounts.every(({ readOnly }) => readOnly));
  const high = relayContainer({ ...config, httpPort: 8080, httpsPort: 8443 }, more);
  assert.deepEqual([high.user, high.capAdd], ["65528:65528", undefined]);
  const { HostConfig: host } = infraOptions(plan, "id");
  assert.deepEqual(
    [host?.NetworkMode, host?.UsernsMode, host?.CapAdd],
    ["host", "host", ["NET_BIND_SERVICE", "SETGID", "SETUID"]],
  );
});

test("the relay passes IPv6 on to Traefik's own entry points, and IPv4 stays with Docker", () => {
  const plan = relayContainer(config, more);
  assert.deepEqual(JSON.parse(plan.cmd[0] ?? ""), {
    doors: [
      { address: "::", port: 80, to: { host: "10.1.0.2", port: 8000 } },
      { address: "::", port: 443, to: { host: "10.1.0.2", port: 8443 } },
    ],
    uid: 65528,
  });
  assert.equal(plan.labels["mypaas.listens"], "[::]:80 [::]:443");
  const traefik = traefikContainer(config, {}, more.network.traefik);
  assert.deepEqual(
    traefik.ports.map(({ ip }) => ip),
    ["0.0.0.0", "0.0.0.0"],
  );
  assert.deepEqual(traefik.networks.at(-1), {
    name: "demo-relay",
    aliases: [],
    address: "10.1.0.2",
  });
});

test("a server as 0.1.0 set it up gets the same container of Traefik", () => {
  const { networks, ports } = traefikContainer({ ...config, bind: "::" });
  assert.deepEqual(
    networks.map(({ name }) => name),
    ["demo", "demo-api", "demo-receiver"],
  );
  assert.deepEqual(ports[0], { ip: "::", hostPort: 80, containerPort: 8000 });
});

test("Traefik's address follows the gateway of a network with a subnet of its own", () => {
  assert.deepEqual(relayNetworkOf("10.1.0.1"), more.network);
  assert.equal(relayNetworkOf("10.1.0.255"), undefined);
  assert.equal(relayNetworkOf("fd00::1"), undefined);
  assert.deepEqual(
    [relayNetworkPlan("demo").internal, relayNetworkPlan("demo").hasOwnSubnet],
    [true, true],
  );
});
