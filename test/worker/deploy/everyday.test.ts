import assert from "node:assert/strict";
import { test } from "node:test";
import { readValues } from "../../../src/adapters/state/env.ts";
import { listReleases, liveRelease, stoppedRelease } from "../../../src/adapters/state/releases.ts";
import { scaleOverrides, takeReleaseNumber } from "../../../src/adapters/state/services.ts";
import { appendStep } from "../../../src/adapters/state/steps.ts";
import { decideScales } from "../../../src/worker/deploy/desired-release.ts";
import { deployWorld } from "../../support/deploy-world.ts";
import { refusal } from "../../support/worker.ts";
import { plain } from "../../support/values.ts";

const file = (more = "") => `# mypaas.servicename = web\n${more}FROM x\n`;
const service = "web";

test("values that are set or taken away become one release of the same image, and are there at the next push", async (t) => {
  const { state, run, perform, done } = deployWorld(t);
  await run(file("# mypaas.env = LOG=info\n"));
  done.length = 0;
  await perform({ action: "env.set", service, set: { A: "1", B: "2", LOG: "debug" } });
  await perform({ action: "env.unset", service, names: ["B", "LOG"] });
  assert.deepEqual(done, ["deploy 2 from 1", "deploy 3 from 2"]);
  const { A, B, LOG } = liveRelease(state, service)?.release.env ?? {};
  assert.deepEqual([A, B, LOG], ["1", undefined, "info"]);
  assert.deepEqual(readValues(state, service), plain({ A: "1" }));
  assert.equal(liveRelease(state, service)?.release.image, "mypaas/web:r1");
});

test("values with which a release fails are not kept", async (t) => {
  const { state, run, perform, tools } = deployWorld(t);
  await run(file());
  Object.assign(tools, { deploy: () => Promise.reject(new Error("crashed")) });
  await assert.rejects(perform({ action: "env.set", service, set: { A: "1" } }), /crashed/);
  assert.deepEqual(readValues(state, service), plain({}));
});

test("a scale set by command lasts until the Dockerfile says another one", async (t) => {
  const { state, run, perform } = deployWorld(t);
  const scale = () => liveRelease(state, service)?.release.spec.scale;
  await run(file("# mypaas.scale = 2 safe\n"));
  await perform({ action: "scale", service, replicas: 4 });
  assert.deepEqual(scale(), { kind: "safe", replicas: 4 });
  await run(file("# mypaas.scale = 2 safe\n# another\n"));
  assert.deepEqual(scale(), { kind: "safe", replicas: 4 });
  await run(file("# mypaas.scale = 3 safe\n"));
  assert.deepEqual(scale(), { kind: "safe", replicas: 3 });
  await run(file("# mypaas.scale = 2 safe\n"));
  assert.deepEqual(scale(), { kind: "safe", replicas: 2 });
});

test("one container that is replaced becomes several that come before the old ones go", async (t) => {
  const { state, run, perform } = deployWorld(t);
  await run(file());
  await perform({ action: "scale", service, replicas: 2 });
  assert.deepEqual(liveRelease(state, service)?.release.spec.scale, { kind: "roll", replicas: 2 });
});

test("a restart is a release like the one before", async (t) => {
  const { state, run, perform, done } = deployWorld(t);
  await run(file());
  done.length = 0;
  await perform({ action: "restart", service });
  assert.deepEqual(done, ["deploy 2 from 1"]);
  assert.equal(liveRelease(state, service)?.repeats, 1);
});

test("what is stopped starts again with what it had, and a push brings it back too", async (t) => {
  const { state, run, perform, done } = deployWorld(t);
  await run(file("# mypaas.domain = example.com\n"));
  done.length = 0;
  assert.deepEqual((await perform({ action: "stop", service })).at(-1), {
    kind: "stopped",
    service,
    release: 1,
  });
  assert.deepEqual(done, ["routes stopped", "stop", "remove container"]);
  assert.equal(liveRelease(state, service), undefined);
  assert.equal((await perform({ action: "stop", service })).at(-1)?.kind, "stopped");
  await perform({ action: "start", service });
  assert.deepEqual(
    listReleases(state, service).map((one) => one.state),
    ["live", "retired"],
  );
  await perform({ action: "stop", service });
  await run(file("# mypaas.domain = example.com\n# newer\n"));
  assert.deepEqual(
    [stoppedRelease(state, service), liveRelease(state, service)?.release.number],
    [undefined, 3],
  );
});

test("where Traefik does not take over the routing, nothing is stopped", async (t) => {
  const { state, run, perform, done, loseTraefik } = deployWorld(t);
  await run(file("# mypaas.domain = example.com\n"));
  done.length = 0;
  loseTraefik(true);
  assert.equal(await refusal(() => perform({ action: "stop", service })), "traefik: away");
  assert.deepEqual(done, ["routes stopped", "routes finished"]);
  assert.equal(liveRelease(state, service)?.release.number, 1);
});

test("commands for what runs say why they cannot be done", async (t) => {
  const { run, perform } = deployWorld(t);
  const cases = async (words: Readonly<Record<string, string>>) => {
    for (const [action, refused] of Object.entries(words))
      assert.equal(await refusal(() => perform({ action: action as "restart", service })), refused);
  };
  await cases({
    restart: "restart web: it does not run\nhint: push it: mypaas push",
    start: "start web: it was never live\nhint: push it: mypaas push",
    stop: "stop web: it does not run\nhint: push it: mypaas push",
  });
  await run(file());
  await cases({
    start: "start web: it runs, release 1\nhint: to restart it: mypaas restart web",
  });
  await perform({ action: "stop", service });
  await cases({ restart: "restart web: it is stopped\nhint: start it: mypaas start web" });
});

test("a service that is removed leaves nothing but the volumes that nobody named, and goes on counting", async (t) => {
  const { state, run, perform, done, volumes } = deployWorld(t);
  volumes.push("mypaas-web-cache", "mypaas-web-data");
  await run(file("# mypaas.domain = example.com\n# mypaas.volume = data:/data\n"));
  done.length = 0;
  assert.match(
    await refusal(() => perform({ action: "remove", service, volumes: ["mypaas-blog-data"] })),
    /^remove web: the service has no volume "mypaas-blog-data"\nhint: list its volumes: mypaas remove web$/,
  );
  const events = await perform({ action: "remove", service, volumes: ["mypaas-web-cache"] });
  assert.deepEqual(events.at(-1), { kind: "removed", service, kept: ["mypaas-web-data"] });
  assert.deepEqual(done, [
    "routes stopped",
    "stop",
    "remove container",
    "remove one-offs of web",
    "remove mypaas/web:r1",
    "remove volume mypaas-web-cache",
    "routes removed",
  ]);
  assert.deepEqual(listReleases(state, service), []);
  await run(file());
  assert.equal(liveRelease(state, service)?.release.number, 2);
  assert.equal(takeReleaseNumber(state, service), 3);
});

test("a scale is said to stand only while the Dockerfile says what it said then", async (t) => {
  const { state, run, perform } = deployWorld(t);
  const said = (replicas: string) => ({
    ...(liveRelease(state, service)?.release.spec ?? assert.fail()),
    scale: { kind: "roll", replicas: Number(replicas) } as const,
  });
  await run(file("# mypaas.scale = 2\n"));
  await perform({ action: "scale", service, replicas: 3 });
  const decide = (scale: string) => decideScales(said(scale), scaleOverrides(state, service));
  assert.deepEqual(decide("2").overrides.get("web"), { written: "2", replicas: 3 });
  // The same number, but now it is the Dockerfile's own.
  assert.deepEqual([decide("3").overrides.size, decide("3").outdated], [0, ["web"]]);
});

test("a removal that Traefik does not follow leaves the service live", async (t) => {
  const { state, run, perform, done, loseTraefik } = deployWorld(t);
  await run(file("# mypaas.domain = example.com\n"));
  done.length = 0;
  loseTraefik(true);
  const remove = () => perform({ action: "remove", service, volumes: [] });
  assert.equal(await refusal(remove), "traefik: away");
  assert.deepEqual(done, ["routes stopped", "routes finished"]);
  assert.equal(liveRelease(state, service)?.release.number, 1);
});

test("what was stopped before stays stopped, whatever comes of stopping it again", async (t) => {
  const { state, run, perform, done, loseTraefik } = deployWorld(t);
  await run(file("# mypaas.domain = example.com\n"));
  await perform({ action: "stop", service });
  done.length = 0;
  loseTraefik(true);
  assert.equal(await refusal(() => perform({ action: "stop", service })), "traefik: away");
  assert.deepEqual(done, ["routes stopped"]);
  assert.equal(stoppedRelease(state, service)?.release.number, 1);
});

test("a removal that is begun anew goes on where volumes are gone already", async (t) => {
  const { state, run, perform, volumes, done } = deployWorld(t);
  volumes.push("mypaas-web-data");
  await run(file());
  const remove = () =>
    perform({ action: "remove", service, volumes: ["mypaas-web-data"] }, "root", (job) => {
      // What the worker that ended in the middle had done.
      appendStep(state, job, { step: "remove", phase: "intent", data: {}, at: 1 });
      volumes.length = 0;
    });
  assert.equal((await remove()).at(-1)?.kind, "removed");
  assert.ok(done.includes("remove mypaas/web:r1"));
});
