import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { freePort } from "../../scripts/machine/ports.ts";
import { instancePaths } from "../../src/core/server/instance.ts";
import type { Check } from "../../src/core/health/check.ts";
import { docker, startServer, type TestServer } from "../support/mypaas-e2e.ts";
import { makeSource, type Source } from "../support/source-e2e.ts";

const name = "t-e2edoc-ill";
let server: TestServer;
let web: Source;
let healthy: readonly Check[];
const port = await freePort();

before(async () => {
  server = await startServer(name);
  web = await makeSource(server, "web", { keys: ["scale = 2"] });
  await server.mustPush(web);
});
after(() => server?.remove());

const remote = ["-r", "prod"];

async function examine(args: readonly string[] = remote) {
  const { code, out, err } = await server.run(["doctor", "--json", ...args]);
  assert.ok(out !== "", err);
  const { checks } = JSON.parse(out.trim().split("\n").at(-1) ?? "") as {
    readonly checks: readonly Check[];
  };
  const ill = checks.filter(({ result }) => result === "warning" || result === "failed");
  for (const one of ill) assert.ok(one.hint !== undefined, `${one.title} says no way out`);
  return { code, checks, ill };
}

/** What was not there while all was well. */
async function news(args?: readonly string[]) {
  const { code, checks, ill } = await examine(args);
  const old = new Set(healthy.map(({ title, result }) => `${title} ${result}`));
  const fresh = ill.filter(({ title, result }) => !old.has(`${title} ${result}`));
  for (const { result, title, evidence, hint } of fresh)
    console.log(`${result} ${title}: ${evidence} → ${hint}`);
  return { code, checks, fresh };
}

const pick = ({ result, title, evidence, hint }: Check) => ({ result, title, evidence, hint });

test("a healthy server has nothing that failed, within 80 columns, from outside and on itself", async () => {
  const { code, out, err } = await server.run(["doctor", ...remote]);
  console.log(out);
  assert.equal(code, 0, err);
  assert.ok(out.split("\n").every((line) => line.length <= 80));
  healthy = (await examine()).checks;
  assert.deepEqual(
    healthy.filter(({ result }) => result === "failed"),
    [],
  );
  const local = await examine([]);
  assert.equal(local.code, 0);
  const ids = new Set(healthy.map(({ id }) => id));
  for (const id of [
    "docker",
    "traefik",
    "routing",
    "clock",
    "ports",
    "disk",
    "orphans",
    "services",
  ])
    assert.ok(ids.has(id), id);
});

test("a domain that leads nowhere is named with the record that helps", async () => {
  const dns = healthy.find(({ title }) => title === `DNS of ${web.host}`);
  assert.equal(dns?.result, "warning");
  if (dns.evidence !== "could not be looked up") {
    assert.match(dns.evidence, /^no address, expected \d+\.\d+\.\d+\.\d+/);
    assert.match(dns.hint ?? "", /^set the record at your DNS provider: web\.example\.test A \d/);
  }
});

test("what carries our label and nobody knows is named one by one", async () => {
  const labels = { "mypaas.instance": name, "mypaas.service": "gone", "mypaas.role": "service" };
  const image = `${name}/web:r1`;
  const ghost = await docker.createContainer({
    name: `${name}-ghost`,
    Image: image,
    Labels: { ...labels, "mypaas.release": "7" },
  });
  const byHand = await docker.createContainer({ name: `${name}-by-hand`, Image: image });
  await docker.createVolume({ Name: `${name}-gone-data`, Labels: labels });
  await docker.createNetwork({ Name: `${name}-odd`, Labels: { "mypaas.instance": name } });
  await docker.getImage(image).tag({ repo: `${name}/gone`, tag: "r7" });
  const { code, fresh } = await news();
  await Promise.all([ghost.remove(), byHand.remove()]);
  await docker.getVolume(`${name}-gone-data`).remove();
  await docker.getNetwork(`${name}-odd`).remove();
  await docker.getImage(`${name}/gone:r7`).remove();
  assert.equal(code, 0);
  assert.deepEqual(fresh.map(({ title, hint }) => `${title}: ${hint}`).toSorted(), [
    `orphan container: if it is not needed, run: docker rm --force ${name}-by-hand`,
    `orphan container: if it is not needed, run: docker rm --force ${name}-ghost`,
    `orphan image: remove it: docker image rm ${name}/gone:r7`,
    `orphan network: remove it: docker network rm ${name}-odd`,
    `orphan volume: if its data is not needed, run: docker volume rm ${name}-gone-data`,
  ]);
});

test("a replica that does not run fails the check of its service", async () => {
  const containers = await server.containers("web", true);
  const one = docker.getContainer(containers[0] ?? "");
  await one.stop({ t: 1 });
  const { code, fresh } = await news();
  await one.start();
  assert.equal(code, 1);
  assert.deepEqual(fresh.map(pick), [
    {
      result: "failed",
      title: "service web",
      evidence: "release 1, 1 of 2 replicas run",
      hint: "restart it: mypaas restart web -r prod",
    },
  ]);
});

test("a dynamic file that somebody changed is found", async () => {
  const { dynamicFile } = instancePaths(server.instance);
  const text = await readFile(dynamicFile);
  await appendFile(dynamicFile, "# mine\n");
  const { code, fresh } = await news();
  await writeFile(dynamicFile, text);
  assert.equal(code, 1);
  assert.deepEqual(
    fresh.map(({ id }) => id),
    ["dynamic-file"],
  );
});

test("a port that is open to everybody is named with its service", async () => {
  const keys = [`publish = 0.0.0.0:${port}:3000`];
  await server.mustPush(await makeSource(server, "open", { keys }));
  const { code, fresh } = await news();
  assert.equal(code, 0);
  healthy = [...healthy, ...fresh];
  assert.deepEqual(fresh.filter(({ id }) => id === "published").map(pick), [
    {
      result: "warning",
      title: `port ${port}/tcp`,
      evidence: "open publishes it on all addresses; ufw and firewalld do not block it",
      hint: `to limit it, bind it in the Dockerfile of open: # mypaas.publish = 127.0.0.1:${port}:…`,
    },
  ]);
});

test("a receiver that is away is seen from the server itself", async () => {
  const receiver = docker.getContainer(`${name}-receiver`);
  await receiver.stop({ t: 1 });
  const local = await news([]);
  const outside = await news();
  await receiver.start();
  assert.deepEqual([local.code, outside.code], [1, 1]);
  const named = local.fresh.find(({ id }) => id === "receiver");
  assert.equal(named?.hint, "start it: sudo mypaas init");
  assert.deepEqual(
    outside.fresh.map(({ id }) => id),
    ["worker", "traefik"],
  );
});

test("a Traefik that is away fails its own checks, and hides no other", async () => {
  const traefik = docker.getContainer(`${name}-traefik`);
  await traefik.stop({ t: 1 });
  const local = await news([]);
  const outside = await news();
  await traefik.start();
  assert.deepEqual([local.code, outside.code], [1, 1]);
  const ids = new Set(local.fresh.map(({ id }) => id));
  assert.deepEqual([...ids], ["traefik", "ports"]);
  const named = local.fresh.find(({ id }) => id === "traefik");
  assert.equal(named?.evidence, `container ${name}-traefik is exited, so no service answers`);
  assert.equal(local.checks.find(({ id }) => id === "routing")?.result, "skipped");
  assert.equal(local.checks.find(({ id }) => id === "docker")?.result, "ok");
  assert.deepEqual(
    outside.fresh.map(({ id }) => id),
    ["worker", "ports", "traefik"],
  );
});

test("without a worker doctor says what can be seen from outside, and that the rest cannot", async () => {
  await server.stopWorker();
  const outside = await news();
  const local = await news([]);
  await server.startWorker();
  assert.deepEqual([outside.code, local.code], [1, 1]);
  assert.deepEqual(
    outside.checks.map(({ id, result }) => [id, result]),
    [
      ["worker", "failed"],
      ["dns", "ok"],
      ["ports", "ok"],
      ["traefik", "ok"],
      ["clock", "ok"],
      ["server", "skipped"],
    ],
  );
  assert.deepEqual(local.fresh[0]?.id, "worker");
});
