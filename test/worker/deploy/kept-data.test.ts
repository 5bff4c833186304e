import assert from "node:assert/strict";
import { test } from "node:test";
import { adoptedVolumes } from "../../../src/adapters/state/adopted-volumes.ts";
import { liveRelease, listReleases, stoppedRelease } from "../../../src/adapters/state/releases.ts";
import { deployWorld } from "../../support/deploy-world.ts";
import { refusal } from "../../support/worker.ts";

const file = (more = "") => `# mypaas.servicename = web\n${more}FROM x\n`;
const [a, b] = ["a".repeat(64), "b".repeat(64)];
const named = "# mypaas.volume = data:/data\n";
type World = ReturnType<typeof deployWorld>;

/** A live release whose image declares a volume, as an earlier version made it. */
async function oldService(world: World, names: readonly string[] = [a], scale = "0") {
  const { run, images, anonymous, made } = world;
  await run(file(`# mypaas.scale = ${scale}\n`));
  const facts = images.get("mypaas/web:r1");
  assert.ok(facts);
  images.set("mypaas/web:r1", { ...facts, volumes: ["/data"] });
  world.declares.volumes = ["/data"];
  for (const [index, name] of names.entries()) {
    made.add(name);
    anonymous.push({ service: "web", release: 1, replica: index + 1, target: "/data", name });
  }
  world.done.length = 0;
}

const mountsOf = ({ state }: World) =>
  (liveRelease(state, "web") ?? stoppedRelease(state, "web"))?.release.mounts.map(
    ({ source, target, carried }) => `${source}:${target}${carried ? " carried" : ""}`,
  );
const restart = { action: "restart", service: "web" } as const;

test("kept data: a path that the image declares and no key covers ends a push before its switch", async (t) => {
  const world = deployWorld(t);
  world.declares.volumes = ["/data", "/logs"];
  assert.equal(
    await refusal(() => world.run(file(named))),
    `deploy web: the image declares VOLUME /logs, and no mypaas.volume covers it, so data would be lost\nhint: to keep its data, write: # mypaas.volume = data-2:/logs — to throw it away with each container: # mypaas.volume = none:/logs`,
  );
  assert.deepEqual(world.done, ["build mypaas/web:r1 Dockerfile 1"]);
  assert.equal(listReleases(world.state, "web")[0]?.state, "failed");
  await world.run(file(`${named}# mypaas.volume = none:/logs\n`));
  assert.deepEqual(mountsOf(world), ["mypaas-web-data:/data", ":/logs"]);
});

test("kept data: new volumes belong to the user of the image, existing ones to nobody else", async (t) => {
  const world = deployWorld(t);
  world.declares.user = "node";
  await world.run(file(named));
  world.declares.user = "";
  await world.run(file(`${named}# mypaas.volume = more:/more\n`));
  world.declares.user = "unknown";
  await world.run(file(`${named}# mypaas.volume = third:/third\n`));
  assert.deepEqual(
    world.done.filter((one) => one.startsWith("volume")),
    [
      "volume mypaas-web-data of 1000",
      "volume mypaas-web-data",
      "volume mypaas-web-more",
      "volume mypaas-web-data",
      "volume mypaas-web-third",
    ],
  );
});

test("kept data: restart, values and a stopped service go on with the volume of before", async (t) => {
  const world = deployWorld(t);
  await oldService(world);
  const events = await world.perform(restart);
  assert.deepEqual(mountsOf(world), [`${a}:/data carried`]);
  assert.ok(events.some((event) => event.kind === "warning" && event.text.startsWith("/data: ")));
  world.anonymous.length = 0;
  await world.perform({ action: "env.set", service: "web", set: { A: "1" } });
  await world.perform({ action: "stop", service: "web" });
  await world.perform({ action: "start", service: "web" });
  assert.deepEqual(mountsOf(world), [`${a}:/data carried`]);
  await world.rollBack(1);
  assert.deepEqual(mountsOf(world), [`${a}:/data carried`]);
});

test("kept data: a service that is stopped remembers its volume before its containers go", async (t) => {
  const world = deployWorld(t);
  await oldService(world, [a, b], "2");
  const events = await world.perform({ action: "stop", service: "web" });
  assert.deepEqual(mountsOf(world), [`${a}:/data carried`]);
  assert.ok(events.some((event) => event.kind === "warning" && event.text.includes(b)));
});

test("kept data: what would share it is refused, and says which volumes there are", async (t) => {
  const world = deployWorld(t);
  await oldService(world, [a, b], "2");
  assert.equal(
    await refusal(() => world.perform(restart)),
    `restart web: the image declares VOLUME /data, and no mypaas.volume covers it, so data would be lost\n/data has data now, in a volume of each replica: ${a}, ${b}; a new named volume takes over the first\nhint: push it with a line in its Dockerfile; to keep its data, write: # mypaas.volume = data:/data — to throw it away with each container: # mypaas.volume = none:/data`,
  );
  assert.deepEqual(
    world.done.filter((one) => one.startsWith("deploy")),
    [],
  );
});

test("kept data: the line takes the data over, for good", async (t) => {
  const world = deployWorld(t);
  await oldService(world);
  await world.run(file(named));
  assert.deepEqual(mountsOf(world), [`${a}:/data`]);
  assert.deepEqual([...adoptedVolumes(world.state, "web")], [["data", a]]);
  world.anonymous.length = 0;
  assert.equal((await world.run(file(named))).at(-1)?.kind, "unchanged");
  await world.run(file(`${named}# mypaas.volume = more:/more\n`));
  assert.deepEqual(mountsOf(world), [`${a}:/data`, "mypaas-web-more:/more"]);
  await world.rollBack(1);
  assert.deepEqual(mountsOf(world), [`${a}:/data carried`]);
  world.volumes.push("mypaas-web-more");
  await world.perform({ action: "remove", service: "web", volumes: [a] });
  assert.deepEqual([...adoptedVolumes(world.state, "web")], []);
});

test("kept data: a failed push takes nothing over", async (t) => {
  const world = deployWorld(t);
  await oldService(world);
  const { deploy } = world.tools;
  Object.assign(world.tools, { deploy: () => Promise.reject(new Error("not ready")) });
  await assert.rejects(world.run(file(named)), /not ready/);
  Object.assign(world.tools, { deploy });
  assert.equal(adoptedVolumes(world.state, "web").size, 0);
  assert.deepEqual(mountsOf(world), []);
});

test("kept data: routes that end with the live release are named first", async (t) => {
  const world = deployWorld(t);
  await world.run(file("# mypaas.domain = a.example.com\n# mypaas.domain = b.example.com\n"));
  const events = await world.run(file("# mypaas.domain = b.example.com\n"));
  assert.deepEqual(
    events.filter(({ kind }) => kind === "note"),
    [{ kind: "note", text: "goes: http://a.example.com" }],
  );
});
