import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { parseAuthorizedKeys } from "../../../src/core/ssh/authorized-keys.ts";
import { UserError } from "../../../src/core/errors.ts";
import { setValues } from "../../../src/adapters/state/env.ts";
import { addKey } from "../../../src/adapters/state/keys.ts";
import { listReleases } from "../../../src/adapters/state/releases.ts";
import type { DeployTools } from "../../../src/worker/deploy/deploy-context.ts";
import { softKey } from "../../support/signed.ts";
import { deployWorld } from "../../support/deploy-world.ts";
import { refusal } from "../../support/worker.ts";
import { plain } from "../../support/values.ts";

const file = (more = "") => `# mypaas.servicename = web\n${more}FROM x\n`;

test("deploy job: builds, switches and records a release; the same push again changes nothing", async (t) => {
  const { state, run, done, running } = deployWorld(t);
  assert.deepEqual(
    (await run(file())).map(({ kind }) => kind),
    ["step", "live"],
  );
  assert.deepEqual(done.splice(0), ["build mypaas/web:r1 Dockerfile 1", "deploy 1 from undefined"]);
  assert.deepEqual(await run(file()), [{ kind: "unchanged", service: "web", release: 1 }]);
  assert.deepEqual(done, []);
  running.length = 0;
  const text = "image of release 1 has this content, no build";
  assert.deepEqual((await run(file()))[0], { kind: "note", text });
  assert.deepEqual(done, ["deploy 2 from 1"]);
  assert.deepEqual(
    listReleases(state, "web").map(
      (one) => `${one.release.number} ${one.state} ${one.release.image} ${one.release.port}`,
    ),
    ["2 live mypaas/web:r1 3000", "1 retired mypaas/web:r1 3000"],
  );
});

test("deploy job: a value changed on the server makes a release without a build, --no-cache makes one with", async (t) => {
  const { state, run, done } = deployWorld(t);
  await run(file());
  setValues(state, "web", plain({ A: "1" }));
  done.length = 0;
  await run(file());
  await run(file(), "web", { pull: false, noCache: true });
  assert.deepEqual(done, [
    "deploy 2 from 1",
    "build mypaas/web:r3 Dockerfile 1",
    "deploy 3 from 2",
  ]);
});

test("deploy job: what is refused is refused before anything is built", async (t) => {
  const { state, run, done } = deployWorld(t);
  assert.match(
    await refusal(() => run(file("# mypaas.env = KEY\n"))),
    /^env KEY: not set on the server/,
  );
  assert.match(await refusal(() => run(file("# mypaas.prot = 80\n"))), /unknown key/);
  assert.match(
    await refusal(() => run(file(), "blog")),
    /mypaas.servicename is "web", the push is for "blog"/,
  );
  assert.match(await refusal(() => run(file("# mypaas.volume = ~/.ssh:/x\n"))), /volume|\.ssh/);
  assert.deepEqual([done, listReleases(state, "web")], [[], []]);
});

test("deploy job: the image that serves and five to go back to stay", async (t) => {
  const { run, done } = deployWorld(t);
  for (let count = 1; count <= 8; count += 1) await run(file(`# ${count}\n`));
  assert.deepEqual(
    done.filter((one) => one.startsWith("remove")),
    ["remove mypaas/web:r1", "remove mypaas/web:r2"],
  );
});

test("deploy job: the image of a build that went on after its worker had ended goes with the next deploy", async (t) => {
  const { run, done, images } = deployWorld(t);
  await run(file());
  const [facts] = images.values();
  assert.ok(facts);
  for (const tag of ["mypaas/web:r7", "mypaas/blog:r7"]) images.set(tag, facts);
  await run(file("# again\n"));
  assert.deepEqual(
    done.filter((one) => one.startsWith("remove")),
    ["remove mypaas/web:r7"],
  );
});

test("deploy job: a key that was limited or removed while its push waited deploys nothing", async (t) => {
  const { state, run, done } = deployWorld(t);
  const { line } = softKey();
  const { fingerprint } = parseAuthorizedKeys(line).keys[0] ?? { fingerprint: "" };
  const push = () => run(file(), "web", undefined, fingerprint);
  assert.equal(
    await refusal(push),
    `key ${fingerprint}: was removed before its job began\nhint: ask again with a key that is enrolled: mypaas key list`,
  );
  addKey(state, { fingerprint, line: `services="blog" ${line}`, now: 1, by: "root" });
  assert.match(await refusal(push), /not allowed: push web \(its services are blog\)/);
  assert.deepEqual(done, []);
});

test("deploy job: a release that serves is recorded as soon as the disk takes it", async (t) => {
  const { state, run, onSleep } = deployWorld(t);
  const waits: number[] = [];
  state.run(
    "CREATE TRIGGER full BEFORE UPDATE ON releases WHEN NEW.state = 'live' BEGIN SELECT RAISE(ABORT, 'full'); END",
  );
  onSleep((ms) => {
    waits.push(ms);
    if (waits.length === 3) state.run("DROP TRIGGER full");
  });
  assert.deepEqual((await run(file())).at(-1)?.kind, "live");
  assert.deepEqual(waits, [5000, 5000, 5000]);
  assert.deepEqual(
    listReleases(state, "web").map((one) => one.state),
    ["live"],
  );
});

test("deploy job: a disk that takes no notes stops a switch, but not its undoing", async (t) => {
  const { state, run, tools } = deployWorld(t);
  const steps: string[] = [];
  const deploy: DeployTools["deploy"] = (_input, { journal }) => {
    state.run("CREATE TRIGGER full BEFORE INSERT ON steps BEGIN SELECT RAISE(ABORT, 'full'); END");
    assert.throws(() => journal.intent("hold", {}), /full/);
    journal.intent("undo", {});
    steps.push("undone");
    journal.outcome("undo", {});
    return Promise.reject(new UserError("no"));
  };
  Object.assign(tools, { deploy });
  assert.equal(await refusal(() => run(file())), "no");
  assert.deepEqual(steps, ["undone"]);
});

test("deploy job: of releases that failed only the last image stays", async (t) => {
  const { run, done, tools } = deployWorld(t);
  Object.assign(tools, { deploy: () => Promise.reject(new UserError("no")) });
  for (let count = 1; count <= 3; count += 1) {
    assert.equal(await refusal(() => run(file(`# ${count}\n`))), "no");
  }
  assert.deepEqual(
    done.filter((one) => one.startsWith("remove")),
    ["remove mypaas/web:r1", "remove mypaas/web:r2"],
  );
});

test("deploy job: an allowed host path that has become a link to elsewhere is refused", async (t) => {
  const { dir, run, allow } = deployWorld(t);
  mkdirSync(`${dir}/allowed`);
  symlinkSync("/etc", `${dir}/allowed/link`);
  allow.push(`${dir}/allowed`);
  const volume = (path: string) => file(`# mypaas.volume = ${path}:/x:ro\n`);
  await run(volume(`${dir}/allowed`));
  assert.match(await refusal(() => run(volume(`${dir}/allowed/link`))), /it leads to \/etc/);
});

test("deploy job: a rollback runs the old image with its old values under a new number, without a build", async (t) => {
  const { state, run, rollBack, done } = deployWorld(t);
  setValues(state, "web", plain({ COLOUR: "dark green" }));
  await run(file("# mypaas.scale = 2\n"));
  setValues(state, "web", plain({ COLOUR: "light blue" }));
  await run(file("# mypaas.scale = 3\n"));
  done.length = 0;
  assert.deepEqual(
    (await rollBack()).map((event) => ("text" in event ? event.text : event.kind)),
    ["going back to release 1 with the values it had", "live"],
  );
  assert.deepEqual(done, ["deploy 3 from 2"]);
  const [third] = listReleases(state, "web");
  assert.deepEqual(
    [third?.release.number, third?.release.image, third?.repeats, third?.state],
    [3, "mypaas/web:r1", 1, "live"],
  );
  const { COLOUR, MYPAAS_RELEASE, MYPAAS_SCALE } = third?.release.env ?? {};
  assert.deepEqual([COLOUR, MYPAAS_RELEASE, MYPAAS_SCALE], ["dark green", "3", "2"]);
});

test("deploy job: each rollback without a number goes further back, until there is nothing left", async (t) => {
  const { state, run, rollBack } = deployWorld(t);
  for (const count of [1, 2, 3]) await run(file(`# ${count}\n`));
  await rollBack();
  await rollBack();
  assert.deepEqual(
    listReleases(state, "web").map((one) => one.repeats),
    [1, 2, undefined, undefined, undefined],
  );
  assert.equal(
    await refusal(() => rollBack()),
    "rollback web: no earlier release can be gone back to\nhint: choose one of 4, 3, 2, 1: mypaas rollback web 4",
  );
});

test("deploy job: a rollback that cannot be says why, and which could", async (t) => {
  const { state, run, rollBack, images, tools, done } = deployWorld(t);
  assert.equal(
    await refusal(() => rollBack()),
    "rollback web: no such service here\nhint: push its files again: mypaas push",
  );
  await run(file("# 1\n"));
  await run(file("# 2\n"));
  const { deploy } = tools;
  Object.assign(tools, { deploy: () => Promise.reject(new UserError("no")) });
  await refusal(() => run(file("# 3\n")));
  Object.assign(tools, { deploy });
  done.length = 0;
  const hint = "\nhint: choose one of 1: mypaas rollback web 1";
  for (const [number, words] of [
    [9, "release 9 is not known"],
    [2, "release 2 is live"],
    [3, "release 3 was never live"],
  ] as const)
    assert.equal(await refusal(() => rollBack(number)), `rollback web: ${words}${hint}`);
  images.delete("mypaas/web:r1");
  assert.equal(
    await refusal(() => rollBack(1)),
    "rollback web: the image of release 1 is not there any more\nhint: push its files again: mypaas push",
  );
  state.run("UPDATE releases SET image_id = '' WHERE number = 1");
  assert.equal(
    await refusal(() => rollBack(1)),
    "rollback web: the image of release 1 was removed\nhint: push its files again: mypaas push",
  );
  assert.deepEqual(done, []);
});

test("deploy job: a rollback to what runs already changes nothing", async (t) => {
  const { run, rollBack, done } = deployWorld(t);
  await run(file("# 1\n"));
  await run(file("# 2\n"));
  await rollBack();
  done.length = 0;
  assert.deepEqual((await rollBack(1)).at(-1), { kind: "unchanged", service: "web", release: 3 });
  assert.deepEqual(done, []);
});

test("deploy job: the receipt of a switch is kept with its release, and a disk that takes none costs nothing else", async (t) => {
  const { state, run, tools } = deployWorld(t);
  const { deploy } = tools;
  let counts: object = { requests: 412, failed: 0 };
  Object.assign(tools, {
    deploy: async (...[input, ports]: Parameters<DeployTools["deploy"]>) => {
      await deploy(input, ports);
      const { number: release } = input.release;
      ports.say({ kind: "receipt", service: "web", release, ms: 1400, ...counts });
      return input.release;
    },
  });
  await run(file("# 1\n"));
  counts = {};
  await run(file("# 2\n"));
  state.run(
    "CREATE TRIGGER full BEFORE UPDATE OF receipt ON releases BEGIN SELECT raise(FAIL, 'full'); END",
  );
  const events = await run(file("# 3\n"));
  assert.equal(events.at(-1)?.kind, "receipt");
  assert.deepEqual(
    listReleases(state, "web").map(({ receipt }) => receipt),
    [undefined, { ms: 1400 }, { ms: 1400, requests: 412, failed: 0 }],
  );
});
