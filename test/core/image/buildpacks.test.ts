import assert from "node:assert/strict";
import { test } from "node:test";
import { buildpackProcesses, isLauncher, launchWords } from "../../../src/core/image/buildpacks.ts";
import { readImageConfig } from "../../../src/core/image/image-config.ts";
import { imageSettings } from "../../../src/core/image/settings.ts";

const procfile = "heroku/procfile";
const web = { type: "web", command: ["node", "server.js"], direct: true, buildpackID: procfile };
const worker = { ...web, type: "worker", command: ["node", "worker.js"] };

function processes(listed: readonly object[], entrypoint = "/cnb/process/web") {
  const labels = { "io.buildpacks.build.metadata": JSON.stringify({ processes: listed }) };
  const { keys, warnings } = buildpackProcesses({ labels, entrypoint: [entrypoint] });
  const lines = [...keys].map(([key, value]) => `${key.replace("mypaas.", "")} ${value}`);
  return [...lines, ...warnings];
}

const runsWorker = "process.worker /cnb/process/worker";
const runsWeb = "process.web /cnb/process/web";
const java = ["executable-jar", "web"].map((type) => ({
  type,
  buildpackID: "paketo-buildpacks/jar",
}));

const cases: readonly [string, readonly string[], readonly string[]][] = [
  ["web alone runs by the ENTRYPOINT", processes([web]), []],
  ["a worker of the Procfile is one more", processes([web, worker]), [runsWorker]],
  [
    "release is the release command",
    processes([web, { ...worker, type: "release" }]),
    ["release /cnb/process/release"],
  ],
  [
    "a process of another buildpack waits until it is scaled",
    processes(java),
    ["process.executable-jar /cnb/process/executable-jar", "process.executable-jar.scale 0"],
  ],
  [
    "without a default process web is named",
    processes([web, worker], "/cnb/lifecycle/launcher"),
    [runsWeb, runsWorker],
  ],
  [
    "web gets the requests whatever the default is",
    processes([web, worker], "/cnb/process/worker"),
    [runsWeb, runsWorker],
  ],
  [
    "the default gets them where nothing is called web",
    processes([{ ...web, type: "server" }, worker], "/cnb/process/server"),
    [runsWorker],
  ],
  ["another ENTRYPOINT is no image of buildpacks", processes([worker], "/bin/tini"), []],
  ["an entry that is none is passed over", processes([{ type: 3 }, { type: "../../x" }]), []],
  [
    "a name that cannot be a process is said",
    processes([web, { ...worker, type: "Job_1" }]),
    [
      'io.buildpacks.build.metadata: process "Job_1" does not run, because a process should be called by letters a-z, digits and hyphens, at most 30',
    ],
  ],
];

for (const [title, found, expected] of cases)
  test(`buildpacks: ${title}`, () => assert.deepEqual(found, expected));

test("buildpacks: a label that is not JSON is said, and the image runs without it", () => {
  const labels = { "io.buildpacks.build.metadata": "{" };
  const { keys, warnings } = buildpackProcesses({ labels, entrypoint: ["/cnb/process/web"] });
  assert.deepEqual([keys.size, warnings], [0, ["io.buildpacks.build.metadata: is not JSON"]]);
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
