import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, test } from "node:test";
import Docker from "dockerode";
import { pack } from "tar-stream";
import type { ContainerPlan } from "../../src/adapters/engines/docker/container-plan.ts";
import { freePort } from "../../scripts/machine/ports.ts";
import type { InfraPlan } from "../../src/core/server/infra.ts";
import { label, networkName } from "../../src/core/release/names.ts";
import { createContainers } from "../../src/adapters/engines/docker/containers.ts";
import { createEngine } from "../../src/adapters/engines/docker/engine.ts";
import { createInfra } from "../../src/adapters/engines/docker/infra.ts";
import { engineInfo } from "../../src/adapters/engines/docker/info.ts";
import type { Replica } from "../../src/deploy/ports.ts";
import { nodeImage as node } from "../support/images.ts";

const socketPath = "/var/run/docker.sock";
const instance = "t-engine";
const images: string[] = [];
const docker = new Docker({ socketPath });
const engine = createEngine({ instance, socketPath });
const containers = createContainers({ docker, instance, socketPath });
const infra = createInfra({ instance, socketPath });

async function removeAll(): Promise<void> {
  const filters = { label: [`${label.instance}=${instance}`] };
  for (const item of await docker.listContainers({ all: true, filters })) {
    await docker.getContainer(item.Id).remove({ force: true, v: true });
  }
  const foreign = docker.getContainer("t-engine-foreign");
  await foreign.remove({ force: true }).catch(() => undefined);
  for (const name of [networkName(instance), `${instance}-api`]) {
    await docker
      .getNetwork(name)
      .remove()
      .catch(() => undefined);
  }
  for (const name of ["t-engine-web-data", "t-engine-other"]) {
    await docker
      .getVolume(name)
      .remove()
      .catch(() => undefined);
  }
  for (const reference of images) {
    await docker
      .getImage(reference)
      .remove({ force: true })
      .catch(() => undefined);
  }
}

before(async () => {
  await removeAll();
  await infra.ensureNetwork({
    name: networkName(instance),
    internal: false,
    labels: { [label.instance]: instance },
  });
});
after(removeAll);

/** An image whose command is the script given, built FROM the local Node image. */
async function scriptImage(
  name: string,
  instructions: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<string> {
  const tag = `${instance}/${name}:r1`;
  const tar = pack();
  tar.entry({ name: "Dockerfile" }, `FROM ${node}\n${instructions}\n`);
  tar.entry({ name: "broken", mode: 0o755 }, "this is no program");
  tar.finalize();
  await infra.buildImage({
    tag,
    labels,
    tar: Readable.from(tar, { objectMode: false }),
    id: `${name}-${Date.now()}`,
    onLine: () => undefined,
    signal: AbortSignal.timeout(120_000),
  });
  images.push(tag);
  return tag;
}

function script(source: string): string {
  return `CMD ${JSON.stringify(["node", "-e", source])}`;
}

function plan(image: string, more: Partial<ContainerPlan> = {}): ContainerPlan {
  return {
    name: "t-engine-web-r1-1",
    image,
    env: { GREETING: "hello world=1" },
    labels: {
      [label.instance]: instance,
      [label.role]: "service",
      [label.service]: "web",
      [label.release]: "1",
      [label.replica]: "1",
    },
    network: networkName(instance),
    aliases: [],
    mounts: [],
    publish: [],
    maxCpu: undefined,
    maxMemoryBytes: undefined,
    stopTimeoutMs: 1000,
    capAdd: [],
    pidsLimit: 100,
    init: true,
    shmBytes: undefined,
    ulimits: [],
    ...more,
  };
}

async function ended(id: string): Promise<Replica> {
  await docker.getContainer(id).wait();
  const facts = await containers.inspect(id);
  assert.ok(facts);
  return facts;
}

async function userError(action: Promise<unknown>): Promise<{ message: string; hint: unknown }> {
  try {
    await action;
  } catch (error) {
    assert.ok(error instanceof Error && error.name === "UserError", String(error));
    return { message: error.message, hint: "hint" in error ? error.hint : undefined };
  }
  throw new Error("nothing was thrown");
}

test("a container goes through its whole life, and every step may be taken twice", async () => {
  const image = await scriptImage(
    "life",
    script(
      "console.log(process.env.GREETING); console.error('\\u001b[2Jerr'); setInterval(() => {}, 1e3)",
    ),
  );
  const id = await containers.create(plan(image));
  const again = await containers.create(plan(image));
  assert.notEqual(again, id);
  assert.equal(await containers.inspect(id), undefined);
  const created = await containers.inspect(again);
  assert.equal(created?.state, "waiting");
  assert.equal(created.address, undefined);
  assert.equal(created.startedAt, 0);

  for (const twice of [1, 2]) {
    await containers.start(again);
    const facts = await containers.inspect(again);
    assert.equal(facts?.state, "running", `start ${twice}`);
    assert.match(facts.address ?? "", /^\d+\.\d+\.\d+\.\d+$/);
    assert.ok(facts.startedAt > 0);
  }
  for (const twice of [1, 2]) {
    await containers.rename(again, "t-engine-web");
    await containers.setRestartPolicy(again, "unless-stopped");
    const [facts] = await containers.list("web");
    assert.equal(facts?.name, "t-engine-web", `rename ${twice}`);
    assert.deepEqual([facts.service, facts.release, facts.replica], ["web", 1, 1]);
  }
  const info = await docker.getContainer(again).inspect();
  assert.equal(info.HostConfig.RestartPolicy?.Name, "unless-stopped");
  assert.deepEqual(info.HostConfig.SecurityOpt, ["no-new-privileges"]);
  assert.deepEqual(await untilLines(again, 2), ["err", "hello world=1"]);
  for (const _twice of [1, 2]) await containers.stop(again, 200);
  assert.equal((await containers.inspect(again))?.state, "ended");
  for (const _twice of [1, 2]) await containers.aliasStopped(again, "t-engine-other");
  await containers.start(again);
  await containers.aliasStopped(again, "t-engine-not-while-it-runs");
  const { Networks } = (await docker.getContainer(again).inspect()).NetworkSettings;
  const aliases: readonly string[] = Object.values(Networks)[0]?.Aliases ?? [];
  assert.deepEqual(aliases.toSorted(), [again.slice(0, 12), "t-engine-other"].toSorted());
  await containers.stop(again, 200);
  for (const _twice of [1, 2]) await containers.remove(again);
  assert.deepEqual(await containers.list("web"), []);
  assert.deepEqual(await containers.lastLogLines(again, 5), []);
  await containers.stop(again, 200);
});

async function untilLines(id: string, count: number): Promise<readonly string[]> {
  for (let round = 0; round < 100; round += 1) {
    const lines = await containers.lastLogLines(id, 20);
    if (lines.length >= count) return lines.toSorted();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("no log lines");
}

test("the last log lines are those of both streams in order", async () => {
  const source = `
    const say = (n) => {
      if (n === 30) return;
      (n % 2 ? console.error : console.log)("line " + n);
      setTimeout(say, 5, n + 1);
    };
    say(0);`;
  const image = await scriptImage("lines", script(source.replace(/\s+/g, " ")));
  const id = await containers.create(plan(image));
  await containers.start(id);
  await ended(id);
  const lines = await containers.lastLogLines(id, 5);
  assert.deepEqual(lines, ["line 25", "line 26", "line 27", "line 28", "line 29"]);
  await containers.remove(id);
});

test("a line of 100 kB comes back whole up to the cut", async () => {
  const image = await scriptImage(
    "long",
    script("console.log('x'.repeat(1e5)); console.log('end')"),
  );
  const id = await containers.create(plan(image));
  await containers.start(id);
  await ended(id);
  const lines = await containers.lastLogLines(id, 20);
  assert.deepEqual(lines, [`${"x".repeat(2000)}…`, "end"]);
  await containers.remove(id);
});

test("facts say why a container ended", async (t) => {
  const cases = [
    {
      name: "exit",
      instructions: script("process.exit(7)"),
      more: {},
      expect: { exitCode: 7, oomKilled: false, error: "" },
    },
    {
      name: "memory",
      instructions: script("const all = []; for (;;) all.push(Buffer.alloc(1e7, 1))"),
      more: { maxMemoryBytes: 64 * 1024 * 1024 },
      expect: { exitCode: 137, oomKilled: true, error: "" },
    },
    {
      name: "missing",
      instructions: 'CMD ["no-such-program"]',
      more: {},
      expect: {
        exitCode: 127,
        oomKilled: false,
        error: "cannot run no-such-program: no such file or directory",
      },
    },
    {
      name: "format",
      instructions: 'COPY broken /\nCMD ["/broken"]',
      more: {},
      expect: {
        exitCode: 127,
        oomKilled: false,
        error:
          "cannot run /broken: exec format error: it is neither a program nor a script that begins with #!",
      },
    },
  ];
  for (const { name, instructions, more, expect } of cases) {
    await t.test(name, async () => {
      const id = await containers.create(plan(await scriptImage(name, instructions), more));
      await containers.start(id);
      const { exitCode, oomKilled, error } = await ended(id);
      assert.deepEqual({ exitCode, oomKilled, error }, expect);
      await containers.remove(id);
    });
  }
});

test("health comes from the image's HEALTHCHECK", async () => {
  const check = JSON.stringify(["CMD", "node", "-e", "process.exit(0)"]).replace('"CMD",', "");
  const image = await scriptImage(
    "health",
    `EXPOSE 8080\nUSER 1000\nHEALTHCHECK --interval=1s CMD ${check}\n${script("setInterval(() => {}, 1e3)")}`,
  );
  assert.deepEqual(
    { ...(await engine.inspectImage(image)), id: "" },
    {
      id: "",
      exposed: [8080],
      hasHealthcheck: true,
      hasLauncher: false,
      user: "1000",
      volumes: [],
      routingLabels: [],
    },
  );
  const id = await containers.create(plan(image));
  await containers.start(id);
  const seen = new Set<string | undefined>();
  for (let round = 0; round < 100 && !seen.has("healthy"); round += 1) {
    seen.add((await containers.inspect(id))?.health);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.deepEqual([...seen], ["starting", "healthy"]);
  await containers.remove(id);
});

test("others find a container by its name and its aliases", async () => {
  const server = await scriptImage(
    "server",
    script("require('http').createServer((q, s) => s.end('yes')).listen(3000)"),
  );
  const asks = await scriptImage(
    "asks",
    script(
      "fetch(process.env.URL).then((r) => r.text()).then(console.log, (e) => console.log(e.cause.code))",
    ),
  );
  const id = await containers.create(plan(server, { aliases: ["one.alias"] }));
  const ask = async (host: string): Promise<readonly string[]> => {
    const name = "t-engine-ask-r1-1";
    const env = { URL: `http://${host}:3000/` };
    const asker = await containers.create(plan(asks, { name, env }));
    await containers.start(asker);
    await ended(asker);
    const lines = await containers.lastLogLines(asker, 5);
    await containers.remove(asker);
    return lines;
  };
  await containers.start(id);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(await ask("one.alias"), ["yes"]);
  assert.deepEqual(await ask("t-engine-web-r1-1"), ["yes"]);
  assert.match((await ask("two.alias")).join(), /ENOTFOUND|EAI_AGAIN/);
  await containers.remove(id);
});

test("a container that mypaas did not start is never touched", async () => {
  const foreign = await docker.createContainer({
    name: "t-engine-foreign",
    Image: node,
    Cmd: ["node", "-e", "setInterval(() => {}, 1e3)"],
  });
  await foreign.start();
  const expected = {
    message: 'container name "t-engine-foreign": taken by a container that mypaas did not start',
    hint: "rename it: docker rename t-engine-foreign t-engine-foreign-other",
  };
  const image = await scriptImage("mine", script("1"));
  const wanted = plan(image, { name: "t-engine-foreign" });
  assert.deepEqual(await userError(containers.create(wanted)), expected);
  const id = await containers.create(plan(image));
  assert.deepEqual(await userError(containers.rename(id, "t-engine-foreign")), expected);
  const other = { ...plan(image), labels: { ...plan(image).labels, [label.service]: "shop" } };
  assert.deepEqual(await userError(containers.create(other)), {
    message: 'container name "t-engine-web-r1-1": taken by "web"',
    hint: "choose another mypaas.servicename",
  });
  const touches = [
    () => containers.stop(foreign.id, 0),
    () => containers.remove(foreign.id),
    () => containers.start(foreign.id),
    () => containers.lastLogLines(foreign.id, 5),
    () => containers.setRestartPolicy(foreign.id, "no"),
    () => containers.inspect(foreign.id),
    () => infra.removeContainer("t-engine-foreign"),
  ];
  for (const touch of touches) {
    await assert.rejects(touch(), /not of instance "t-engine"|did not start/);
  }
  assert.equal((await foreign.inspect()).State.Running, true);
  await containers.remove(id);
  await foreign.remove({ force: true });
});

test("a port, a volume source or an image that is not to be had is said in one sentence", async () => {
  const hostPort = await freePort();
  const publish = [{ ip: "127.0.0.1", hostPort, containerPort: 80, protocol: "tcp" as const }];
  const image = await scriptImage("sleeps", script("setInterval(() => {}, 1e3)"));
  const first = await containers.create(plan(image, { publish }));
  await containers.start(first);
  const second = await containers.create(plan(image, { publish, name: "t-engine-two-r1-1" }));
  assert.deepEqual(await userError(containers.start(second)), {
    message: `container t-engine-two-r1-1: port 127.0.0.1:${hostPort} is already in use`,
    hint: `find the program that uses it, on the server: ss -lntup "sport = :${hostPort}"`,
  });
  await containers.remove(first);
  await containers.start(second);
  await containers.remove(second);
  const mounts = [
    { type: "bind" as const, source: "/no/such/dir", target: "/data", readOnly: false },
  ];
  assert.deepEqual(await userError(containers.create(plan(image, { mounts }))), {
    message: "container t-engine-web-r1-1: volume source /no/such/dir does not exist",
    hint: "create it on the server: mkdir -p /no/such/dir",
  });
  assert.deepEqual(await userError(containers.create(plan("t-engine/nope:r1"))), {
    message: "container t-engine-web-r1-1: image t-engine/nope:r1 is gone",
    hint: undefined,
  });
  assert.deepEqual(await userError(containers.create(plan(image, { maxMemoryBytes: 1e6 }))), {
    message: "container t-engine-web-r1-1: mypaas.maxmem is below Docker's minimum of 6MB",
    hint: undefined,
  });
  assert.match(
    (await userError(containers.create(plan(image, { maxCpu: 500 })))).message,
    /^container t-engine-web-r1-1: mypaas.maxcpu has to be from 0.01 to \d+\.00 on this server$/,
  );
});

test("volumes belong to one service, images to one instance", async () => {
  for (const _twice of [1, 2]) await engine.ensureVolume("t-engine-web-data", "web");
  assert.deepEqual(await userError(engine.ensureVolume("t-engine-web-data", "shop")), {
    message: 'volume "t-engine-web-data": belongs to service "web" of instance "t-engine"',
    hint: "choose another name in mypaas.volume",
  });
  await docker.createVolume({ Name: "t-engine-other" });
  await engine.ensureVolume("t-engine-other", "web");
  const labels = { [label.instance]: instance, [label.service]: "gone" };
  const image = await scriptImage("gone", script("1"), labels);
  // Built for one service, and pushed to another as well.
  const other = { repo: "t-engine/shop", tag: "r1" };
  await docker.getImage(image).tag(other);
  images.push("t-engine/shop:r1");
  assert.deepEqual(await engine.builtImages("gone"), [image]);
  for (const _twice of [1, 2]) await engine.removeImage(image);
  assert.equal(await engine.inspectImage(image), undefined);
  await assert.rejects(engine.removeImage(node), /not of instance "t-engine"/);
});

test("infrastructure is made once, left alone while it is as planned, and replaced when it is not", async () => {
  const labels = { [label.instance]: instance };
  const network = { name: "t-engine-api", internal: true, labels };
  assert.equal(await infra.ensureNetwork(network), "created");
  assert.equal(await infra.ensureNetwork(network), "unchanged");
  assert.deepEqual(await userError(infra.ensureNetwork({ ...network, internal: false })), {
    message: 'network "t-engine-api": has other settings than mypaas gives it',
    hint: "remove it and run init again: docker network rm t-engine-api",
  });
  assert.match(
    (await userError(infra.ensureNetwork({ ...network, name: "bridge" }))).message,
    /^network "bridge": not made by mypaas$/,
  );
  const image = await scriptImage("infra", script("setInterval(() => {}, 1e3)"));
  const wanted: InfraPlan = {
    name: "t-engine-traefik",
    image,
    cmd: ["node", "-e", "setInterval(() => {}, 1e3)"],
    user: "65533:65533",
    labels: { ...labels, [label.role]: "traefik" },
    readOnly: true,
    capDrop: ["ALL"],
    noNewPrivileges: true,
    mounts: [],
    ports: [{ ip: "127.0.0.1", hostPort: await freePort(), containerPort: 8000 }],
    networks: [
      { name: networkName(instance), aliases: [] },
      { name: "t-engine-api", aliases: ["traefik.api"] },
    ],
    memoryBytes: 256 * 1024 * 1024,
    pidsLimit: 64,
    restart: "unless-stopped",
  };
  assert.equal(await infra.ensureContainer(wanted), "created");
  const first = await docker.getContainer(wanted.name).inspect();
  assert.equal(await infra.ensureContainer(wanted), "unchanged");
  await docker.getContainer(wanted.name).stop({ t: 0 });
  assert.equal(await infra.ensureContainer(wanted), "started");
  assert.equal((await docker.getContainer(wanted.name).inspect()).Id, first.Id);
  assert.equal(await infra.ensureContainer({ ...wanted, pidsLimit: 65 }), "replaced");
  const { containers } = (await infra.inspectNetwork("t-engine-api")) ?? {};
  assert.deepEqual(Object.keys(containers ?? {}), ["t-engine-traefik"]);
  const info = await docker.getContainer(wanted.name).inspect();
  assert.deepEqual(
    [info.Config.User, info.HostConfig.ReadonlyRootfs, info.HostConfig.CapDrop],
    ["65533:65533", true, ["ALL"]],
  );
  assert.equal(await infra.removeContainer(wanted.name), true);
  assert.equal(await infra.removeContainer(wanted.name), false);
});

test("pulling from a registry that is not there says so", async () => {
  const error = await userError(infra.pullImage("127.0.0.1:9/x/y:1", () => undefined));
  assert.deepEqual(error, {
    message: 'pull "127.0.0.1:9/x/y:1": registry 127.0.0.1:9 cannot be reached',
    hint: "check the server's network and DNS, then run the same command again",
  });
});

test("the engine tells about itself", async () => {
  const info = await engineInfo(socketPath);
  assert.match(info.version, /^\d+\./);
  assert.match(info.apiVersion, /^1\.\d+$/);
  assert.match(info.platform, /^linux\//);
  assert.match(info.cgroupVersion ?? "", /^[12]$/);
  assert.equal(info.buildkit, true);
});
