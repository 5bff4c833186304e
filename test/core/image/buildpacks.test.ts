import assert from "node:assert/strict";
import { test } from "node:test";
import { buildpackProcesses, isLauncher, launchWords } from "../../../src/core/image/buildpacks.ts";
import { readImageConfig } from "../../../src/core/image/image-config.ts";
import { imageSettings } from "../../../src/core/image/settings.ts";

const web = { type: "web", command: ["node", "server.js"], args: [], direct: true };
const worker = { type: "worker", command: ["node", "worker.js"], args: [], direct: true };

function processes(listed: readonly object[], entrypoint = "/cnb/process/web") {
  const labels = { "io.buildpacks.build.metadata": JSON.stringify({ processes: listed }) };
  const { commands, release, warnings } = buildpackProcesses({ labels, entrypoint: [entrypoint] });
  return { commands: Object.fromEntries(commands), release, warnings };
}

const java = [
  { type: "executable-jar", command: "java", args: ["-jar", "app.jar"], direct: true },
  { type: "task", command: "java", args: ["-jar", "app.jar"], direct: true },
  { type: "web", command: "java", args: ["-jar", "app.jar"], direct: true },
];

const cases: readonly [string, ReturnType<typeof processes>, object][] = [
  ["web alone runs by the ENTRYPOINT", processes([web]), {}],
  ["a worker is one more", processes([web, worker]), { worker: "/cnb/process/worker" }],
  ["other names of web are none", processes(java), {}],
  [
    "without a default process web is named",
    processes([web, worker], "/cnb/lifecycle/launcher"),
    { web: "/cnb/process/web", worker: "/cnb/process/worker" },
  ],
  [
    "web gets the requests whatever the default is",
    processes([web, worker], "/cnb/process/worker"),
    { web: "/cnb/process/web", worker: "/cnb/process/worker" },
  ],
  [
    "the default gets them where nothing is called web",
    processes([{ ...web, type: "server" }, worker], "/cnb/process/server"),
    { worker: "/cnb/process/worker" },
  ],
  ["another ENTRYPOINT is no image of buildpacks", processes([worker], "/bin/tini"), {}],
  ["an entry that is none is passed over", processes([{ type: 3 }, { type: "../../x" }]), {}],
];

for (const [title, { commands }, expected] of cases)
  test(`buildpacks: ${title}`, () => assert.deepEqual(commands, expected));

test("buildpacks: release is the release command, and a name that cannot be a process is said", () => {
  assert.deepEqual(processes([web, { ...worker, type: "release" }, { ...worker, type: "Job_1" }]), {
    commands: {},
    release: "/cnb/process/release",
    warnings: [
      'io.buildpacks.build.metadata: process "Job_1" does not run, because a process should be called by letters a-z, digits and hyphens, at most 30',
    ],
  });
});

test("buildpacks: a label that is not JSON is said, and the image runs without it", () => {
  const labels = { "io.buildpacks.build.metadata": "{" };
  const { commands, warnings } = buildpackProcesses({ labels, entrypoint: ["/cnb/process/web"] });
  assert.deepEqual([commands.size, warnings], [0, ["io.buildpacks.build.metadata: is not JSON"]]);
});

test("buildpacks: the launcher starts every program, and a process is its own ENTRYPOINT", () => {
  assert.deepEqual(launchWords(["/cnb/process/worker"]), {
    entrypoint: ["/cnb/process/worker"],
    command: [],
  });
  assert.deepEqual(launchWords(["node", "x.js"]), {
    entrypoint: ["/cnb/lifecycle/launcher"],
    command: ["--", "node", "x.js"],
  });
  assert.deepEqual(
    [["/cnb/process/web"], ["/cnb/lifecycle/launcher"], ["node"], []].map(isLauncher),
    [true, true, false, false],
  );
});

test("an image of buildpacks gets their processes, and its own labels count before them", () => {
  const config = {
    Entrypoint: ["/cnb/process/web"],
    Labels: {
      "io.buildpacks.build.metadata": JSON.stringify({
        processes: [web, worker, { ...worker, type: "mail", args: ["mail"] }],
      }),
      "mypaas.process.mail": "node mail.js",
      "mypaas.process.worker.scale": "3",
    },
  };
  const text = JSON.stringify({
    os: "linux",
    architecture: "amd64",
    config,
    rootfs: { diff_ids: [] },
  });
  const read = readImageConfig(Buffer.from(text), "ann/web");
  const named = { image: "ann/web", id: "c".repeat(64), name: "web", isGiven: false };
  const { spec, warnings } = imageSettings(read, named);
  assert.deepEqual(spec.processes, [
    { name: "mail", command: "node mail.js", replicas: 1 },
    { name: "worker", command: "/cnb/process/worker", replicas: 3 },
  ]);
  assert.deepEqual([spec.port, spec.command, warnings], [8080, undefined, []]);
});
