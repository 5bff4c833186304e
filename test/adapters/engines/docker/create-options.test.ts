import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createOptions,
  infraHash,
  infraOptions,
} from "../../../../src/adapters/engines/docker/create-options.ts";
import type { ContainerPlan } from "../../../../src/adapters/engines/docker/container-plan.ts";
import { traefikContainer } from "../../../../src/core/server/infra.ts";
import type { InstanceConfig } from "../../../../src/core/server/instance.ts";

const plain: ContainerPlan = {
  name: "web-r1-1",
  image: "mypaas/web:r1",
  env: { A: "1", B: "x=y z" },
  labels: { "mypaas.instance": "mypaas" },
  network: "mypaas",
  aliases: ["web.next"],
  mounts: [],
  publish: [],
  maxCpu: undefined,
  maxMemoryBytes: undefined,
  stopTimeoutMs: 10_001,
  capAdd: ["CHOWN"],
  pidsLimit: 512,
  init: true,
  shmBytes: undefined,
  ulimits: [],
};

test("a plain plan gets every safety option", () => {
  assert.deepEqual(createOptions(plain), {
    name: "web-r1-1",
    Image: "mypaas/web:r1",
    Env: ["A=1", "B=x=y z"],
    Labels: { "mypaas.instance": "mypaas" },
    StopTimeout: 11,
    ExposedPorts: {},
    HostConfig: {
      NetworkMode: "mypaas",
      RestartPolicy: { Name: "no" },
      Init: true,
      SecurityOpt: ["no-new-privileges"],
      CapDrop: ["ALL"],
      CapAdd: ["CHOWN"],
      PidsLimit: 512,
      LogConfig: { Type: "json-file", Config: { "max-size": "10m", "max-file": "3" } },
      Mounts: [],
      PortBindings: {},
    },
    NetworkingConfig: { EndpointsConfig: { mypaas: { Aliases: ["web.next"] } } },
  });
});

const port = { ip: "127.0.0.1", hostPort: 8080, containerPort: 80, protocol: "tcp" as const };
const cases: readonly (readonly [string, Partial<ContainerPlan>, object])[] = [
  ["half a processor", { maxCpu: 0.5 }, { NanoCpus: 500_000_000 }],
  ["memory without swap", { maxMemoryBytes: 1024 }, { Memory: 1024, MemorySwap: 1024 }],
  ["the image's own init", { init: false }, { Init: false }],
  ["more of /dev/shm", { shmBytes: 2 ** 28 }, { ShmSize: 268_435_456 }],
  [
    "limits of the kernel",
    { ulimits: [{ name: "memlock", soft: -1, hard: -1 }] },
    { Ulimits: [{ Name: "memlock", Soft: -1, Hard: -1 }] },
  ],
  [
    "a volume",
    { mounts: [{ type: "volume", source: "v", target: "/data", readOnly: true }] },
    { Mounts: [{ Type: "volume", Source: "v", Target: "/data", ReadOnly: true }] },
  ],
  [
    "one container port on two addresses",
    { publish: [port, { ...port, ip: "0.0.0.0", hostPort: 81 }] },
    {
      PortBindings: {
        "80/tcp": [
          { HostIp: "127.0.0.1", HostPort: "8080" },
          { HostIp: "0.0.0.0", HostPort: "81" },
        ],
      },
    },
  ],
];

test("what a plan asks for becomes host options", async (t) => {
  for (const [name, more, expected] of cases) {
    await t.test(name, () => {
      const { HostConfig: host } = createOptions({ ...plain, ...more });
      assert.deepEqual({ ...host, ...expected }, host);
    });
  }
});

const config: InstanceConfig = {
  version: 1,
  instance: "mypaas",
  server: "0",
  stateDir: "/s",
  runDir: "/r",
  bind: "0.0.0.0",
  httpPort: 80,
  httpsPort: 443,
  traefikImage: "traefik",
  receiverImage: "receiver",
  owner: { name: "me", home: "/home/me" },
  volumes: { allow: [] },
};

test("the environment of Traefik stands nowhere but in its place, and another one is another plan", () => {
  const plan = traefikContainer(config, { TOKEN: "hunter2" });
  const { Env, ...rest } = infraOptions(plan, "a");
  assert.deepEqual(Env, ["TOKEN=hunter2"]);
  assert.doesNotMatch(JSON.stringify(rest), /hunter2|TOKEN/);
  const other = traefikContainer(config, { TOKEN: "hunter3" });
  assert.notEqual(infraHash(plan, "a"), infraHash(other, "a"));
  assert.equal("Env" in infraOptions(traefikContainer(config), "a"), false);
});

test("the hash of an infrastructure plan changes with the plan and with the image", () => {
  const plan = traefikContainer(config);
  assert.equal(infraHash(plan, "a"), infraHash({ ...plan }, "a"));
  assert.notEqual(infraHash(plan, "a"), infraHash(plan, "b"));
  assert.notEqual(infraHash(plan, "a"), infraHash({ ...plan, pidsLimit: 1 }, "a"));
});
