import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import type { JobAction } from "../../../src/core/actions/actions.ts";
import type { BuildInput } from "../../../src/deploy/ports.ts";
import { readValues, setValues } from "../../../src/adapters/state/env.ts";
import { listReleases, liveRelease, stoppedRelease } from "../../../src/adapters/state/releases.ts";
import { allSecrets } from "../../../src/adapters/state/secrets.ts";
import { knownSecrets } from "../../../src/worker/jobs/known-secrets.ts";
import { kindOf } from "../../../src/worker/jobs/job-kinds.ts";
import { deployWorld } from "../../support/deploy-world.ts";
import { plain, secret } from "../../support/values.ts";
import { refusal } from "../../support/worker.ts";

const service = "web";
const file = (more = "", run = "") => `# mypaas.servicename = web\n${more}FROM x\n${run}`;
const mount = "RUN --mount=type=secret,id=TOKEN npm ci\n";

/** A world that keeps what builds may ask for. */
function world(t: Parameters<typeof deployWorld>[0]) {
  const made = deployWorld(t);
  const builds: BuildInput["secrets"][] = [];
  const { build } = made.tools.builder;
  Object.assign(made.tools, {
    builder: {
      build: (input: BuildInput) => {
        builds.push(input.secrets);
        return build(input);
      },
    },
  });
  /** What the worker does with a request before it becomes a job; undefined where it has to. */
  const atOnce = (action: JobAction): unknown =>
    kindOf(action).acceptance?.withoutJob?.(made.state, action)?.();
  const files = () => liveRelease(made.state, service)?.release.secretFiles ?? [];
  return { ...made, builds, atOnce, files };
}

test("a build may ask for the values of its own service, and gets no others", async (t) => {
  const { state, run, builds } = world(t);
  setValues(state, service, secret({ TOKEN: "of the web" }));
  setValues(state, "blog", secret({ TOKEN: "of the blog", OTHER: "x" }));
  await run(file("", mount));
  assert.deepEqual(builds[0]?.values, { TOKEN: "of the web" });
  assert.match(builds[0]?.key ?? "", /^[0-9a-f]{32}$/);
  await run(file("", "RUN npm ci\n"));
  // Such a secret may be for a step of the base image.
  assert.deepEqual(builds[1]?.values, { TOKEN: "of the web" });
});

test("a build that asks for nothing is as before, whatever is set", async (t) => {
  const { state, run, builds } = world(t);
  setValues(state, service, plain({ TOKEN: "variable" }));
  await run(file());
  assert.deepEqual(builds, [undefined]);
});

test("another value of a secret is another image, the same value is the same, and services never share one", async (t) => {
  const { state, run, builds, done } = world(t);
  const push = async () => (await run(file("", mount))).at(-1)?.kind;
  const before = await push();
  setValues(state, service, secret({ TOKEN: "first" }));
  assert.deepEqual([before, await push(), await push()], ["live", "live", "unchanged"]);
  setValues(state, service, secret({ TOKEN: "second" }));
  await push();
  setValues(state, service, secret({ TOKEN: "first" }));
  done.length = 0;
  await push();
  assert.deepEqual(done, ["deploy 4 from 3"]);
  setValues(state, "blog", secret({ TOKEN: "first" }));
  await run(file("", mount).replace("= web", "= blog"), "blog");
  const keys = builds.map((one) => one?.key);
  assert.equal(new Set(keys).size, 4);
  assert.equal(JSON.stringify(keys).includes("first"), false);
});

test("a variable that the build asks for is warned of, unless the Dockerfile wants it as one", async (t) => {
  const { state, run } = world(t);
  setValues(state, service, plain({ TOKEN: "1" }));
  const warnings = async (text: string) =>
    (await run(text)).flatMap((event) => (event.kind === "warning" ? [event] : []));
  const [warning] = await warnings(file("", mount));
  assert.equal(
    warning?.text,
    "TOKEN is a secret of the build and also an environment variable of the containers",
  );
  assert.equal(
    warning?.hint,
    "for builds alone: mypaas env web set TOKEN=… --secret; for both, write: # mypaas.env = TOKEN",
  );
  assert.deepEqual(await warnings(file("# mypaas.env = TOKEN\n", mount)), []);
});

test("a secret of builds is set at once and stays a secret; what changes for containers needs a release", async (t) => {
  const { state, run, atOnce } = world(t);
  const set = (values: Readonly<Record<string, string>>, more: object = {}) =>
    atOnce({ action: "env.set", service, set: values, ...more });
  await run(file("# mypaas.secret = KEY\n").replace("# mypaas.secret = KEY\n", ""));
  const takesEffect = "next push";
  assert.deepEqual(set({ TOKEN: "1" }, { secret: true }), { service, set: ["TOKEN"], takesEffect });
  assert.deepEqual(set({ TOKEN: "2" }), { service, set: ["TOKEN"], takesEffect });
  assert.deepEqual(readValues(state, service), secret({ TOKEN: "2" }));
  assert.equal(set({ TOKEN: "2", A: "1" }), undefined);
  assert.deepEqual(set({ A: "1" }, { stage: true }), { service, set: ["A"] });
  // It becomes a secret, so it leaves what runs.
  assert.equal(set({ A: "1" }, { secret: true }), undefined);
  assert.deepEqual(atOnce({ action: "env.unset", service, names: ["TOKEN"] }), {
    service,
    unset: ["TOKEN"],
    takesEffect,
  });
  assert.equal(
    await refusal(() => set({ "npm-token": "1" })),
    "env web: no environment variable can be called npm-token\nhint: use letters, digits and _, or set it as a secret: mypaas env web set npm-token=… --secret",
  );
  assert.deepEqual(set({ "npm-token": "1" }, { secret: true }), {
    service,
    set: ["npm-token"],
    takesEffect,
  });
});

test("files have the values of their release, a rollback those of its time, and what no release needs goes", async (t) => {
  const { state, run, perform, files } = world(t);
  const contents = () => files().map(({ source }) => readFileSync(source, "utf8"));
  setValues(state, service, secret({ KEY: "one" }));
  await run(file("# mypaas.secret = KEY:/k\n# mypaas.secret = KEY:/l\n"));
  assert.deepEqual(contents(), ["one", "one"]);
  assert.deepEqual(
    files().map(({ target }) => target),
    ["/k", "/l"],
  );
  await perform({ action: "env.set", service, set: { KEY: "two" } });
  assert.deepEqual(contents(), ["two", "two"]);
  await perform({ action: "scale", service, replicas: 2 });
  await perform({ action: "restart", service });
  assert.deepEqual(contents(), ["two", "two"]);
  await perform({ action: "rollback", service, release: 1 });
  assert.deepEqual(contents(), ["one", "one"]);
  assert.deepEqual(readValues(state, service), secret({ KEY: "two" }));
  assert.deepEqual([...allSecrets(state, service)].toSorted(), ["one", "two"]);
  assert.ok(["one", "two"].every((value) => knownSecrets(state, service).includes(value)));
  assert.equal(JSON.stringify(listReleases(state, service)).includes("two"), false);
  const folder = dirname(files()[0]?.source ?? "");
  await run(file());
  assert.equal(readdirSync(folder).length, 2);
  await perform({ action: "remove", service, volumes: [] });
  assert.equal(existsSync(folder), false);
  assert.deepEqual(allSecrets(state, service), []);
});

test("a file that was lost is written again, and one whose value is gone is refused in words", async (t) => {
  const { state, run, perform, files } = world(t);
  setValues(state, service, secret({ KEY: "one" }));
  await run(file("# mypaas.secret = KEY\n"));
  const [{ source } = { source: "" }] = files();
  const { rmSync } = await import("node:fs");
  rmSync(dirname(source), { recursive: true });
  await perform({ action: "restart", service });
  assert.equal(readFileSync(source, "utf8"), "one");
  state.run("DELETE FROM secret_files");
  assert.equal(
    await refusal(() => perform({ action: "restart", service })),
    "secret KEY: its value is not on the server any more\nhint: set it again: mypaas env web set KEY=… --secret",
  );
});

test("a stopped service starts with the value that was set meanwhile", async (t) => {
  const { state, run, perform, atOnce, files } = world(t);
  setValues(state, service, secret({ KEY: "one" }));
  await run(file("# mypaas.secret = KEY\n"));
  await perform({ action: "stop", service });
  assert.deepEqual(atOnce({ action: "env.set", service, set: { KEY: "two" } }), {
    service,
    set: ["KEY"],
  });
  assert.ok(stoppedRelease(state, service));
  await perform({ action: "start", service });
  assert.deepEqual(
    files().map(({ source }) => readFileSync(source, "utf8")),
    ["two"],
  );
});

test("what is set as a secret is no variable, also where a Dockerfile wants one", async (t) => {
  const { state, run } = world(t);
  setValues(state, service, secret({ KEY: "one" }));
  assert.equal(
    await refusal(() => run(file("# mypaas.env = KEY\n"))),
    "env KEY: set as a secret, so it is no environment variable\nhint: write mypaas.secret = KEY, or run: mypaas env web unset KEY, then set it without --secret",
  );
  assert.equal(
    await refusal(() =>
      run(file("# mypaas.secret = A\n# mypaas.secret = A:/a\n# mypaas.secret = B\n")),
    ),
    "secret A, B: not set on the server\nhint: run: mypaas env web set A=… B=… --secret",
  );
  await run(file("# mypaas.env = KEY=of the file\n"));
  assert.equal(liveRelease(state, service)?.release.env["KEY"], "of the file");
});
