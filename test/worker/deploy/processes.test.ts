import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { scale } from "../../../src/worker/jobs/kinds/scale.ts";
import { pushSource } from "../../../src/sources/push.ts";
import { readSpec } from "../../../src/sources/read-spec.ts";
import { scaleOverrides } from "../../../src/adapters/state/services.ts";
import { liveRelease } from "../../../src/adapters/state/releases.ts";
import { listedReleases } from "../../../src/worker/status/listed-releases.ts";
import { deployWorld } from "../../support/deploy-world.ts";
import { refusal } from "../../support/worker.ts";

const service = "web";
const file = (...keys: readonly string[]): string =>
  `${["servicename = web", ...keys].map((key) => `# mypaas.${key}\n`).join("")}FROM x\n`;
const worker = (more: readonly string[] = []) =>
  file("process.worker = node w.js", "process.worker.scale = 2", ...more);

test("a scale of a process stands until the Dockerfile says another one", async (t) => {
  const { state, run, perform } = deployWorld(t);
  const processes = () => liveRelease(state, service)?.release.spec.processes;
  await run(worker());
  await perform({ action: "scale", service, process: "worker", replicas: 5 });
  assert.deepEqual(processes(), [{ name: "worker", command: "node w.js", replicas: 5 }]);
  assert.deepEqual(
    [...scaleOverrides(state, service)],
    [["worker", { written: "2", replicas: 5 }]],
  );
  await run(worker(["env = A=1"]));
  assert.equal(processes()?.[0]?.replicas, 5);
  await perform({ action: "scale", service, process: "worker", replicas: 0 });
  assert.equal(processes()?.[0]?.replicas, 0);
  await run(file("process.worker = node w.js", "process.worker.scale = 3"));
  assert.equal(processes()?.[0]?.replicas, 3);
  assert.equal(scaleOverrides(state, service).size, 0);
});

test("a process that the service does not have cannot be scaled, and web needs one", async (t) => {
  const { state, run, perform } = deployWorld(t);
  await run(worker());
  const scale = (process: string, replicas: number) =>
    refusal(() => perform({ action: "scale", service, process, replicas }));
  assert.equal(
    await scale("wrker", 2),
    'scale web: it has no process "wrker"\nhint: its processes are: web, worker',
  );
  assert.equal(
    await scale("web", 0),
    "scale web: scale must be at least 1\nhint: to stop it: mypaas stop web",
  );
  assert.equal(liveRelease(state, service)?.release.number, 1);
  assert.equal(scaleOverrides(state, service).size, 0);
});

test("no job is made of a request that leaves web without a replica", (t) => {
  const { state } = deployWorld(t);
  const withoutJob = (process: string | undefined) =>
    scale.acceptance?.withoutJob?.(state, {
      action: "scale",
      service,
      replicas: 0,
      ...(process !== undefined && { process }),
    });
  for (const process of [undefined, "web"])
    assert.throws(() => withoutJob(process), {
      message: "scale web: scale must be at least 1",
      hint: "to stop it: mypaas stop web",
    });
  assert.equal(withoutJob("worker"), undefined);
});

test("a list of releases names the processes", async (t) => {
  const { state, run } = deployWorld(t);
  await run(worker());
  const parts = { state, imagesThere: async () => undefined };
  const [first] = await listedReleases(parts, service, "root");
  assert.deepEqual(first?.processes, ["worker"]);
});

test("the Procfile of a push is the one beside its Dockerfile", async () => {
  const blobs = new Map<string, string>();
  const entry = (path: string, text: string) => {
    const sha256 = createHash("sha256").update(text).digest("hex");
    blobs.set(sha256, text);
    return { path, mode: 0o644, size: Buffer.byteLength(text), sha256 };
  };
  const read = (dockerfile: string) => {
    const entries = [
      entry(".mypaas/Dockerfile", file()),
      entry("Procfile", "top: a\n"),
      entry("app/Dockerfile", file()),
      entry("app/Procfile", "worker: node w.js\n"),
      entry("other/Dockerfile", file()),
    ];
    const push = { dockerfile, entries, options: { pull: false, noCache: false } };
    const source = pushSource({ service, push }, async function* open({ sha256 }) {
      yield Buffer.from(blobs.get(sha256) ?? "");
    });
    return readSpec(source.dockerfile, service, () => undefined);
  };
  const names = async (dockerfile: string) =>
    (await read(dockerfile)).processes.map(({ name }) => name);
  assert.deepEqual(await names("app/Dockerfile"), ["worker"]);
  assert.deepEqual(await names("other/Dockerfile"), []);
  assert.deepEqual(await names(".mypaas/Dockerfile"), ["top"]);
});

test("a Procfile that .dockerignore excludes is read, and no build gets it", async () => {
  const file = (path: string) => ({ path, mode: 0o644, size: 1, sha256: "0".repeat(64) });
  const push = {
    dockerfile: "Dockerfile",
    entries: [file(".mypaas/Procfile"), file("Dockerfile")],
    options: { pull: false, noCache: false },
  };
  const source = pushSource({ service, push }, () => assert.fail());
  assert.equal(source.dockerfile.procfile?.path, "Procfile");
  assert.deepEqual(
    (await source.context()).map(({ path }) => path),
    ["Dockerfile"],
  );
});

test("a Procfile that is too long is refused by its name", async () => {
  const push = {
    dockerfile: "Dockerfile",
    entries: [
      { path: "Dockerfile", mode: 0o644, size: 1, sha256: "0".repeat(64) },
      { path: "Procfile", mode: 0o644, size: 70_000, sha256: "1".repeat(64) },
    ],
    options: { pull: false, noCache: false },
  };
  assert.throws(() => pushSource({ service, push }, () => assert.fail()), {
    message: "Procfile: 70000 bytes, at most 65536 are read",
  });
});
