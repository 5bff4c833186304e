import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { parseAuthorizedKeys } from "../../../src/core/ssh/authorized-keys.ts";
import type { Release } from "../../../src/core/release/release.ts";
import { contentId } from "../../../src/core/wire/request.ts";
import { setValues } from "../../../src/adapters/state/env.ts";
import { putRelease, setReceipt } from "../../../src/adapters/state/releases.ts";
import { ensureService } from "../../../src/adapters/state/services.ts";
import type { Replica, ImageFacts } from "../../../src/deploy/ports.ts";
import { planPush, type PlanAction } from "../../../src/worker/deploy/plan-push.ts";
import { planRelease } from "../../../src/worker/deploy/release-plan.ts";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import { softKey } from "../../support/signed.ts";
import { refusal, scratch, scratchState, testConfig } from "../../support/worker.ts";
import { plain } from "../../support/values.ts";

const file = (...keys: readonly string[]): string =>
  ["servicename = web", "domain = a.test", ...keys].map((key) => `# mypaas.${key}\n`).join("") +
  "FROM x\n";

function actionOf(text: string, options: object = {}): PlanAction {
  const sha256 = createHash("sha256").update(text).digest("hex");
  const size = Buffer.byteLength(text);
  return {
    action: "plan",
    service: "web",
    push: {
      dockerfile: "Dockerfile",
      entries: [{ path: "Dockerfile", mode: 0o644, size, sha256 }],
      options: { pull: false, noCache: false, ...options },
    },
    text,
  };
}

function open(t: TestContext) {
  const state = scratchState(t);
  const config = testConfig(scratch(t));
  const images = new Map<string, ImageFacts>();
  const running: Partial<Replica>[] = [];
  const engine = {
    inspectImage: async (reference: string) => images.get(reference),
    replicas: async () => running as readonly Replica[],
  };
  const parts = { state, config, tools: async () => ({ engine }) };
  /** What a push of that text would have left. */
  const live = (text: string, env: Readonly<Record<string, string>> = {}): Release => {
    const { spec } = parseDockerfile(Buffer.from(text), "Dockerfile");
    assert.ok(spec);
    const image = "mypaas/web:r1";
    const facts = {
      id: "sha256:1",
      exposed: [3000],
      hasHealthcheck: false,
      hasLauncher: false,
      user: "",
      volumes: [],
      routingLabels: [],
    };
    images.set(image, facts);
    const release = planRelease({
      instance: "mypaas",
      number: 1,
      spec,
      image,
      facts,
      env,
      homes: new Map(),
      adopted: new Map(),
      secretFiles: {},
      secretsDir: "/secrets",
    });
    ensureService(state, { name: "web", slug: "web", now: 1 });
    const { service, push } = actionOf(text);
    const content = contentId({ action: "push", service, push });
    const about = { imageId: facts.id, content, created: 1, key: "root", job: 1 } as const;
    putRelease(state, { release, state: "live", ...about });
    running.splice(0, running.length, { release: 1, state: "running" });
    return release;
  };
  return { state, images, running, parts, live };
}

test("plan: of a service that is not there yet everything is new, and the port is for the build to tell", async (t) => {
  const { parts, state } = open(t);
  setValues(state, "web", plain({ TOKEN: "a secret" }));
  const planned = await planPush(parts, actionOf(file("https = true", "env = TOKEN")), "root");
  assert.deepEqual(planned, {
    service: "web",
    unchanged: false,
    changes: [
      { kind: "image", to: "mypaas/web:r1" },
      { kind: "route", how: "added", route: "https://a.test" },
      { kind: "certificate", host: "a.test" },
      { kind: "env", how: "added", name: "TOKEN" },
      { kind: "setting", key: "scale", to: "0" },
      { kind: "setting", key: "port", to: "80" },
    ],
    pause: { kind: "none" },
    image: "to be built",
    unknown: ["port"],
  });
  assert.doesNotMatch(JSON.stringify(planned), /a secret/);
});

test("plan: an image that would be loaded says its port itself", async (t) => {
  const { parts } = open(t);
  const config = JSON.stringify({
    os: "linux",
    architecture: "amd64",
    config: { ExposedPorts: { "5000/tcp": {} }, Entrypoint: ["/cnb/process/web"] },
    rootfs: { diff_ids: [] },
  });
  const { push, ...asked } = actionOf(file());
  const sha256 = createHash("sha256").update(config).digest("hex");
  const part = { path: "config.json", mode: 0o644, size: config.length, sha256 };
  const image = { config: part.path, layers: [] };
  const action = { ...asked, config, push: { ...push, image, entries: [...push.entries, part] } };
  const planned = await planPush(parts, action, "root");
  assert.deepEqual([planned.image, planned.unknown], ["to be loaded", []]);
  assert.deepEqual(planned.changes.at(-1), { kind: "setting", key: "port", to: "5000" });
  const { config: _, ...without } = action;
  assert.deepEqual((await planPush(parts, without, "root")).unknown, ["port"]);
});

test("plan: what runs already would not change, unless the build is asked for or a container is gone", async (t) => {
  const { parts, live, running } = open(t);
  live(file());
  const same = await planPush(parts, actionOf(file()), "root");
  assert.deepEqual([same.unchanged, same.changes, same.image], [true, [], "kept"]);
  const built = await planPush(parts, actionOf(file(), { noCache: true }), "root");
  assert.deepEqual([built.unchanged, built.image], [false, "to be built"]);
  running.length = 0;
  const again = await planPush(parts, actionOf(file()), "root");
  assert.deepEqual([again.unchanged, again.changes], [false, []]);
});

test("plan: a value set on the server is a change without a build, and requests would wait as long as the last time", async (t) => {
  const { parts, state, live } = open(t);
  live(file());
  setReceipt(state, { service: "web", number: 1 }, { ms: 3410 });
  setValues(state, "web", plain({ TOKEN: "a secret" }));
  const planned = await planPush(parts, actionOf(file()), "root");
  assert.deepEqual(planned, {
    service: "web",
    live: 1,
    unchanged: false,
    changes: [{ kind: "env", how: "added", name: "TOKEN" }],
    pause: { kind: "wait", because: "scale = 0", drainMs: 3_000 },
    lastMs: 3410,
    image: "kept",
    unknown: [],
  });
});

test("plan: where the image must be built, that of the live release stands in for it", async (t) => {
  const { parts, live } = open(t);
  live(file());
  const planned = await planPush(parts, actionOf(file("scale = 2")), "root");
  assert.deepEqual(planned.changes, [
    { kind: "image", from: "mypaas/web:r1", to: "mypaas/web:r2" },
    { kind: "setting", key: "scale", from: "0", to: "2" },
  ]);
  assert.deepEqual(planned.pause, { kind: "none" });
});

test("plan: what a push would be refused for is refused, and nothing was changed", async (t) => {
  const { parts, state } = open(t);
  const refused = (text: string, options = {}) =>
    refusal(() => planPush(parts, actionOf(text, options), "root"));
  assert.equal(
    await refused(file("env = TOKEN")),
    "env TOKEN: not set on the server\nhint: run: mypaas env web set TOKEN=…",
  );
  assert.match(await refused("# mypaas.servicename = other\nFROM x\n"), /is "other", the push is/);
  assert.match(await refused(file("port = 80a")), /mypaas\.port: should be a whole number/);
  const { text: _text, ...rest } = actionOf(file());
  assert.equal(
    await refusal(() => planPush(parts, { ...rest, text: "FROM y\n" }, "root")),
    "Dockerfile: changed while it was read\nhint: ask again: mypaas plan",
  );
  const [key] = parseAuthorizedKeys(`no-volumes ${softKey().line}`).keys;
  assert.ok(key);
  assert.match(
    await refusal(() => planPush(parts, actionOf(file("volume = data:/data")), key)),
    /: may not use volumes\n/,
  );
  assert.deepEqual(state.all("SELECT * FROM services"), []);
});
