import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, symlinkSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { parseAuthorizedKeys } from "../../../src/core/ssh/authorized-keys.ts";
import { UserError } from "../../../src/core/errors.ts";
import type { JobAction } from "../../../src/core/wire/protocol.ts";
import type { Event } from "../../../src/core/wire/events.ts";
import type { ContainerFacts, Engine, ImageFacts } from "../../../src/deploy/ports.ts";
import { openBlobStore } from "../../../src/adapters/server/blob-store.ts";
import { setEnv } from "../../../src/adapters/state/env.ts";
import { beginJob, insertJob } from "../../../src/adapters/state/jobs.ts";
import { addKey } from "../../../src/adapters/state/keys.ts";
import { listReleases } from "../../../src/adapters/state/releases.ts";
import { insertRequest } from "../../../src/adapters/state/requests.ts";
import { runDeployJob } from "../../../src/worker/deploy/job.ts";
import type { DeployTools } from "../../../src/worker/deploy/run.ts";
import { softKey } from "../../support/signed.ts";
import { refusal, scratch, scratchState, testConfig } from "../../support/worker.ts";

/** A worker whose Docker is a list of images and whose deploys succeed. */
function open(t: TestContext) {
  const dir = scratch(t);
  mkdirSync(`${dir}/home`);
  const state = scratchState(t);
  const store = openBlobStore({ dir: `${dir}/blobs`, freeBytes: () => Promise.resolve(1e12) });
  const images = new Map<string, ImageFacts>();
  const running: { release: number; state: "running" }[] = [];
  const done: string[] = [];
  const engine: Partial<Engine> = {
    inspectImage: (reference) => Promise.resolve(images.get(reference)),
    listContainers: () => Promise.resolve(running as unknown as readonly ContainerFacts[]),
    ensureVolume: async (name) => void done.push(`volume ${name}`),
    removeImage: async (reference) => void done.push(`remove ${reference}`),
  };
  const tools = {
    engine,
    builder: {
      build: async ({
        tag,
        dockerfile,
        context,
      }: {
        tag: string;
        dockerfile: string;
        context: readonly unknown[];
      }) => {
        done.push(`build ${tag} ${dockerfile} ${context.length}`);
        const facts = {
          id: `sha256:${tag}`,
          exposed: [3000],
          hasHealthcheck: false,
          user: "",
          routingLabels: [],
        };
        images.set(tag, facts);
        return Promise.resolve(facts);
      },
    },
    deploy: async (...[input, ports]: Parameters<DeployTools["deploy"]>) => {
      const { number, spec } = input.release;
      done.push(`deploy ${number} from ${input.from?.number}`);
      ports.journal.intent("hold", {});
      running.splice(0, running.length, { release: number, state: "running" });
      ports.say({ kind: "live", service: spec.service, release: number, urls: [], ms: 1 });
      return Promise.resolve(input.release);
    },
  } as unknown as DeployTools;
  const allow: string[] = [];
  let requests = 0;
  let slept = (_ms: number): void => {};
  const onSleep = (then: (ms: number) => void) => void (slept = then);
  const run = async (
    text: string,
    service = "web",
    options = { pull: false, noCache: false },
    key = "root",
  ) => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    const size = Buffer.byteLength(text);
    await store.put(
      { sha256, size },
      (async function* bytes() {
        yield Buffer.from(text);
      })(),
    );
    const entries = [{ path: "Dockerfile", mode: 0o644, size, sha256 }];
    const push = { dockerfile: "Dockerfile", entries, options };
    return perform({ action: "push", service, push }, key);
  };
  const perform = async (action: JobAction, key = "root") => {
    requests += 1;
    const { service } = action;
    const body = {
      v: 1,
      server: "local",
      created: 1,
      nonce: "0".repeat(32),
      tokenHash: "0".repeat(64),
      ...action,
    };
    const request = String(requests);
    insertRequest(
      state,
      {
        id: request,
        action: action.action,
        service,
        key,
        accepted: 1,
        expires: 9e15,
        tokenHash: "h",
        content: "c",
        job: undefined,
      },
      Buffer.from(JSON.stringify(body)),
    );
    const job = insertJob(state, { service, request, key, action: action.action, content: "c" }, 1);
    beginJob(state, job.id);
    const events: Event[] = [];
    const clock = { now: () => 1, sleep: async (ms: number) => slept(ms) };
    const parts = {
      state,
      store,
      config: testConfig(dir, { volumes: { allow } }),
      clock,
      tools: () => Promise.resolve(tools),
    };
    await runDeployJob(parts, job, (event) => events.push(event), new AbortController().signal);
    return events;
  };
  const rollBack = (release?: number) =>
    perform({ action: "rollback", service: "web", ...(release !== undefined && { release }) });
  return { dir, state, run, rollBack, done, images, running, tools, onSleep, allow };
}

const file = (more = "") => `# mypaas.servicename = web\n${more}FROM x\n`;

test("deploy job: builds, switches and records a release; the same push again changes nothing", async (t) => {
  const { state, run, done, running } = open(t);
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
  const { state, run, done } = open(t);
  await run(file());
  setEnv(state, "web", { A: "1" });
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
  const { state, run, done } = open(t);
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
  const { run, done } = open(t);
  for (let count = 1; count <= 8; count += 1) await run(file(`# ${count}\n`));
  assert.deepEqual(
    done.filter((one) => one.startsWith("remove")),
    ["remove mypaas/web:r1", "remove mypaas/web:r2"],
  );
});

test("deploy job: a key that was limited or removed while its push waited deploys nothing", async (t) => {
  const { state, run, done } = open(t);
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
  const { state, run, onSleep } = open(t);
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
  const { state, run, tools } = open(t);
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
  const { run, done, tools } = open(t);
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
  const { dir, run, allow } = open(t);
  mkdirSync(`${dir}/allowed`);
  symlinkSync("/etc", `${dir}/allowed/link`);
  allow.push(`${dir}/allowed`);
  const volume = (path: string) => file(`# mypaas.volume = ${path}:/x:ro\n`);
  await run(volume(`${dir}/allowed`));
  assert.match(await refusal(() => run(volume(`${dir}/allowed/link`))), /it leads to \/etc/);
});

test("deploy job: a rollback runs the old image with its old values under a new number, without a build", async (t) => {
  const { state, run, rollBack, done } = open(t);
  setEnv(state, "web", { COLOUR: "dark green" });
  await run(file("# mypaas.scale = 2\n"));
  setEnv(state, "web", { COLOUR: "light blue" });
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
  const { state, run, rollBack } = open(t);
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
  const { state, run, rollBack, images, tools, done } = open(t);
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
  const { run, rollBack, done } = open(t);
  await run(file("# 1\n"));
  await run(file("# 2\n"));
  await rollBack();
  done.length = 0;
  assert.deepEqual((await rollBack(1)).at(-1), { kind: "unchanged", service: "web", release: 3 });
  assert.deepEqual(done, []);
});

test("deploy job: the receipt of a switch is kept with its release, and a disk that takes none costs nothing else", async (t) => {
  const { state, run, tools } = open(t);
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
