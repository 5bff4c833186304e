import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type AddressInfo, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { initArgs } from "../../scripts/machine/instance.ts";
import { mustRun } from "../../scripts/machine/run.ts";
import { nodeImage } from "../support/images.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { reachProbe, type Reach, type Target } from "../support/reach-probe.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

const instance = "t-e2enet";
const foreign = `${instance}-foreign`;

let server: TestServer;
let web: Source;
/** On every address of this machine. */
let open: Server;
/** On its loopback addresses alone. */
let inner: Server[];
let targets: readonly Target[];

before(async () => {
  const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
    all?.some(({ address }) => address === "::1"),
  );
  server = await startServer(instance, {
    binds: hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"],
  });
  open = await listen(hasIPv6 ? "::" : "0.0.0.0");
  inner = [];
  for (const address of hasIPv6 ? ["127.0.0.1", "::1"] : ["127.0.0.1"])
    inner.push(await listen(address));
  await removeForeign();
  await docker.createNetwork({ Name: foreign });
  const listens = "require('net').createServer((one) => one.end()).listen(9000)";
  const made = await docker.createContainer({
    name: foreign,
    Image: nodeImage,
    Cmd: ["node", "-e", listens],
    HostConfig: { NetworkMode: foreign },
  });
  await made.start();
  targets = await findTargets();
  const files = { "probe.cjs": reachProbe(targets) };
  const keep =
    "require('fs').writeFileSync('reach.json', require('child_process').execFileSync('node', ['probe.cjs']))";
  web = await makeSource(server, "web", {
    keys: ["scale = 1"],
    files,
    build: [`RUN ["node", "-e", ${JSON.stringify(keep)}]`],
  });
  await server.mustPush(web);
});
after(async () => {
  for (const one of [open, ...(inner ?? [])]) one?.close();
  await removeForeign();
  await server?.remove();
});

async function listen(address: string): Promise<Server> {
  const made = createServer((one) => one.end()).listen(0, address);
  await once(made, "listening");
  return made;
}

const portOf = (of: Server): number => (of.address() as AddressInfo).port;

async function removeForeign(): Promise<void> {
  await docker
    .getContainer(foreign)
    .remove({ force: true })
    .catch(() => undefined);
  await docker
    .getNetwork(foreign)
    .remove()
    .catch(() => undefined);
}

/** The address that Docker gives to the host in a network, or would give. */
async function gatewayOf(network: string): Promise<string> {
  const { IPAM } = await docker.getNetwork(network).inspect();
  const { Gateway, Subnet } = IPAM?.Config?.[0] ?? {};
  const [a, b, c, d] = String(Gateway ?? Subnet).split(/[./]/);
  return Gateway === undefined ? [a, b, c, Number(d) + 1].join(".") : [a, b, c, d].join(".");
}

async function findTargets(): Promise<readonly Target[]> {
  const networks = (await docker.listNetworks()).map(({ Name }) => Name);
  const ours = networks.filter((name) => name === instance || name.startsWith(`${instance}-`));
  const gateways = await Promise.all(ours.map(gatewayOf));
  const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  const outer = own.filter(({ internal }) => !internal);
  const four = outer.filter(({ family }) => family === "IPv4").map(({ address }) => address);
  // The scope of a link-local address is the interface of whoever asks.
  const six = outer
    .filter(({ family }) => family === "IPv6")
    .map(({ address }) => (address.startsWith("fe80:") ? `${address}%eth0` : address));
  const to = (group: string, port: number, hosts: readonly (string | undefined)[]) =>
    hosts.map((host) => ({ group, host: String(host), port }));
  const inspected = await docker.getContainer(`${instance}-traefik`).inspect();
  const other = await docker.getContainer(foreign).inspect();
  return [
    ...to("host", portOf(open), [...new Set([...gateways, ...four])]),
    ...to("six", portOf(open), six),
    ...inner.flatMap((one) =>
      to("loopback", portOf(one), [(one.address() as AddressInfo).address]),
    ),
    ...to("api", 8080, [inspected.NetworkSettings.Networks[`${instance}-api`]?.IPAddress]),
    ...to("foreign", 9000, [other.NetworkSettings.Networks[foreign]?.IPAddress]),
    // Nothing answers there on most machines; what counts is the route.
    ...to("metadata", 80, ["169.254.169.254"]),
  ];
}

/** Runs the probe with a program of the container itself. */
async function fromInside(container: string, node: string): Promise<Reach> {
  const { out } = await mustRun("docker", ["exec", container, node, "-e", reachProbe(targets)]);
  return JSON.parse(out) as Reach;
}

/** Runs it in the network of a container that has no Node. */
async function beside(container: string): Promise<Reach> {
  const limits = ["--cap-drop", "ALL", "--user", "65533:65533"];
  const where = ["--network", `container:${container}`, ...limits, nodeImage, "node"];
  const { out } = await mustRun("docker", ["run", "--rm", ...where, "-e", reachProbe(targets)]);
  return JSON.parse(out) as Reach;
}

/** The name of its container, once a name that was lent for waiting requests is given back. */
async function replicaOf(service: string): Promise<string> {
  for (let tries = 0; tries < 300; tries += 1) {
    const name = (await server.containers(service))[0]?.split(" ")[0] ?? "";
    if (name !== "" && !name.endsWith(".invalid")) return name;
    await sleep(100);
  }
  throw new Error(`${service} has no container with a name of its own`);
}

/** The groups that were reached, in whole or in part. */
function summed({ said, leadsOut, hasDockerSocket }: Reach) {
  const reached = (group: string) => {
    const of = targets.flatMap((target, index) => (target.group === group ? [said[index]] : []));
    return of.includes("reached");
  };
  return {
    host: reached("host"),
    loopback: reached("loopback"),
    six: reached("six"),
    leadsOut,
    foreign: reached("foreign"),
    api: reached("api"),
    hasDockerSocket,
  };
}

const nothing = {
  host: false,
  loopback: false,
  six: false,
  leadsOut: false,
  foreign: false,
  api: false,
  hasDockerSocket: false,
};

const title = {
  host: "the server's IPv4 addresses",
  six: "its IPv6 addresses",
  loopback: "its 127.0.0.1",
  leadsOut: "outside, metadata address",
  foreign: "other instances' containers",
  api: "Traefik's API",
  hasDockerSocket: "Docker's socket",
} as const;

/** The table of docs/networks.md. */
function table(rows: Readonly<Record<string, ReturnType<typeof summed>>>): string {
  const keys = Object.keys(title) as (keyof typeof title)[];
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(["from", ...keys.map((key) => title[key])]),
    line(["---", ...keys.map(() => "---")]),
    ...Object.entries(rows).map(([name, row]) =>
      line([name, ...keys.map((key) => (row[key] ? "**yes**" : "no"))]),
    ),
  ].join("\n");
}

test("each container reaches what docs/networks.md says, and nothing more", async () => {
  await server.must(["maintenance", "web", "on", "Back soon", "-r", "prod"]);
  const service = await replicaOf("web");
  const print = "process.stdout.write(require('fs').readFileSync('reach.json'))";
  const built = await mustRun("docker", ["exec", service, "node", "-e", print]);
  const found = {
    "the receiver": await fromInside(`${instance}-receiver`, "/node"),
    "the page of a maintenance": await fromInside(`${instance}-page`, "/node"),
    Traefik: await beside(`${instance}-traefik`),
    "a service": await fromInside(service, "node"),
    "a step of a build": JSON.parse(built.out) as Reach,
  };
  await server.must(["maintenance", "web", "off", "-r", "prod"]);
  const rows = Object.fromEntries(
    Object.entries(found).map(([name, reach]) => [name, summed(reach)]),
  );
  const reached = Object.values(found).map(
    ({ said }) => said.filter((one) => one === "reached").length,
  );
  console.log(
    `${targets.length} addresses × ${Object.keys(found).length} containers tried: ${reached.join(", ")} reached`,
  );
  console.log(table(rows));
  const out = { ...nothing, host: true, leadsOut: true };
  assert.deepEqual(rows, {
    "the receiver": nothing,
    "the page of a maintenance": nothing,
    Traefik: { ...out, api: true },
    "a service": out,
    "a step of a build": out,
  });
  const docs = await readFile("docs/networks.md", "utf8");
  assert.ok(docs.includes(table(rows)), `docs/networks.md should have:\n${table(rows)}`);
});

test("no container of mypaas has Docker's own socket", async () => {
  const filters = { label: [`mypaas.instance=${instance}`] };
  const all = await docker.listContainers({ all: true, filters });
  assert.ok(all.length >= 3);
  const sources = all.flatMap(({ Mounts }) => Mounts.map(({ Source }) => Source));
  console.log(`${all.length} containers, ${sources.length} mounts`);
  assert.deepEqual(
    sources.filter((source) => /docker\.sock/.test(source)),
    [],
  );
});

test("the firewall's rules of docs/networks.md close the server to services, and nothing else", async () => {
  const docs = await readFile("docs/networks.md", "utf8");
  const { httpPort, httpsPort } = server.instance;
  const recipe = (/```sh\n(bridge=[^]*?)```/.exec(docs)?.[1] ?? "")
    .replace("' mypaas)", `' ${instance})`)
    .replace("80,443", `${httpPort},${httpsPort}`);
  const undo = recipe.replaceAll(" -I ", " -D ");
  const service = await replicaOf("web");
  try {
    await mustRun("sh", ["-ec", recipe]);
    const closed = await fromInside(service, "node");
    console.log(`${closed.said.filter((one) => one === "reached").length} addresses reached`);
    assert.deepEqual(summed(closed), { ...nothing, leadsOut: true });
    const index = targets.findIndex(({ group }) => group === "metadata");
    assert.equal(closed.said[index], "ECONNREFUSED");
    assert.equal((await server.get(web.host)).status, 200);
  } finally {
    await mustRun("sh", ["-c", undo]);
  }
  assert.equal(summed(await fromInside(service, "node")).host, true);
});

test("the network of an older version is made anew while 200 requests a second lose nothing", async () => {
  const name = `${instance}-receiver`;
  const network = docker.getNetwork(name);
  const { Containers = {}, Labels } = await network.inspect();
  for (const id of Object.keys(Containers)) await network.disconnect({ Container: id });
  await network.remove();
  await docker.createNetwork({ Name: name, Internal: true, Labels: { ...Labels } });
  for (const id of Object.keys(Containers))
    await docker.getNetwork(name).connect({ Container: id });
  assert.equal(summed(await fromInside(name, "/node")).host, true);

  const traefik = await docker.getContainer(`${instance}-traefik`).inspect();
  const reach = summed(await beside(`${instance}-traefik`));
  const load = server.load(web.host);
  const { err } = await server.must(initArgs(server.instance));
  assert.match(err, new RegExp(`network ${name}: changed`));
  await web.write("page.txt", "second page");
  await server.mustPush(web);
  const { sent, failed, oldAfterNew } = await load.stop();
  // The page of a maintenance has to come over the new network.
  await server.must(["maintenance", "web", "on", "Back soon", "-r", "prod"]);
  const page = await server.get(web.host);
  await server.must(["maintenance", "web", "off", "-r", "prod"]);
  assert.deepEqual([page.status, page.body.includes("Back soon")], [503, true]);
  console.log(`init and a push: ${sent} sent, ${failed} failed`);
  assert.deepEqual([failed, oldAfterNew], [0, 0]);
  const now = await docker.getContainer(`${instance}-traefik`).inspect();
  assert.deepEqual([now.Id, now.State.Pid], [traefik.Id, traefik.State.Pid]);
  assert.deepEqual(summed(await fromInside(name, "/node")), nothing);
  assert.deepEqual(summed(await beside(`${instance}-traefik`)), reach);
});
