import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDockerfile } from "../../../src/core/dockerfile/parse.ts";
import { formatProblem } from "../../../src/core/dockerfile/problems.ts";
import { describeSpec } from "../../../src/core/dockerfile/keys/table.ts";
import { changesBetween } from "../../../src/core/release/changes.ts";
import type { ServiceSpec } from "../../../src/core/release/spec.ts";
import { release } from "../../support/releases.ts";

const read = (lines: readonly string[], procfile?: string, from = "FROM node:24-slim") => {
  const text = ["# mypaas.servicename = web", ...lines, from].join("\n");
  const beside = { bytes: Buffer.from(procfile ?? ""), file: "Procfile" };
  return parseDockerfile(
    Buffer.from(text),
    "Dockerfile",
    undefined,
    procfile === undefined ? undefined : beside,
  );
};

const one = (name: string, command: string, replicas = 1) => ({ name, command, replicas });

const good: readonly (readonly [
  string,
  Parameters<typeof read>,
  Partial<Pick<ServiceSpec, "processes" | "command" | "release">>,
])[] = [
  [
    "lines of comments",
    [
      [
        "# mypaas.process.worker = node w.js",
        "# mypaas.process.worker.scale = 2",
        "# mypaas.process.cron = ./cron --every 5m",
      ],
    ],
    { processes: [one("worker", "node w.js", 2), one("cron", "./cron --every 5m")] },
  ],
  [
    "a scale before its process, and 0",
    [["# mypaas.process.worker.scale = 0", '# mypaas.process.worker = "node w.js"']],
    { processes: [one("worker", "node w.js", 0)] },
  ],
  [
    "the command of web",
    [["# mypaas.process.web = node other.js"]],
    { command: "node other.js", processes: [] },
  ],
  [
    "a Procfile",
    [[], "# mine\nworker: node w.js\r\n\nrelease: node migrate.js\nweb: node s.js\n"],
    {
      processes: [one("worker", "node w.js")],
      release: "node migrate.js",
      command: "node s.js",
    },
  ],
  [
    "comments before a Procfile, line by line",
    [
      [
        "# mypaas.process.worker = node better.js",
        "# mypaas.release = node first.js",
        "# mypaas.process.mail.scale = 3",
      ],
      "mail: node m.js\nworker: node w.js\nrelease: node migrate.js",
    ],
    {
      processes: [one("worker", "node better.js"), one("mail", "node m.js", 3)],
      release: "node first.js",
    },
  ],
  [
    "a Procfile whose web gives way to CMD",
    [[], "web: node s.js", 'FROM node:24-slim\nCMD ["node", "server.js"]'],
    { command: undefined },
  ],
  [
    "a Procfile whose web gives way to the ENTRYPOINT of a stage below",
    [[], "web: node s.js", "FROM node AS base\nENTRYPOINT node server.js\nFROM base"],
    { command: undefined },
  ],
  [
    "a Procfile whose web counts where only another stage has CMD",
    [[], "web: node s.js", "FROM node AS test\nCMD npm test\nFROM node"],
    { command: "node s.js" },
  ],
  [
    "process.web before CMD",
    [["# mypaas.process.web = node other.js"], "web: node s.js", "FROM node\nCMD node server.js"],
    { command: "node other.js" },
  ],
];
for (const [title, input, wanted] of good)
  test(`processes: ${title}`, () => {
    const { spec, problems } = read(...input);
    assert.deepEqual(problems.map(formatProblem), []);
    for (const [field, value] of Object.entries(wanted))
      assert.deepEqual(spec?.[field as keyof ServiceSpec], value, field);
  });

const bad: readonly (readonly [Parameters<typeof read>, string, string?])[] = [
  [
    [["# mypaas.process.release = node migrate.js"]],
    "Dockerfile:2:1: mypaas.process.release: release is what runs before the switch",
    "write: # mypaas.release = command",
  ],
  [
    [["# mypaas.process.web.scale = 2"]],
    "Dockerfile:2:1: mypaas.process.web.scale: is the scale of the service",
    "write: # mypaas.scale = N",
  ],
  [
    [["# mypaas.process.Worker = node w.js"]],
    'Dockerfile:2:1: mypaas.process.Worker: a process should be called by letters a-z, digits and hyphens, at most 30, a letter first, got "Worker"',
  ],
  [
    [["# mypaas.process.worker.scal = 2"]],
    'Dockerfile:2:1: mypaas.process.worker.scal: a process should be called by letters a-z, digits and hyphens, at most 30, a letter first, got "worker.scal"',
    "did you mean mypaas.process.worker.scale?",
  ],
  [
    [["# mypaas.process.worker.scale = 2"]],
    "Dockerfile:2:1: mypaas.process.worker.scale: no line says what worker runs",
    "write: # mypaas.process.worker = command",
  ],
  [
    [["# mypaas.process.worker = a", "# mypaas.process.worker.scale = 101"]],
    'Dockerfile:3:1: mypaas.process.worker.scale: should be a number from 0 to 100, got "101"',
  ],
  [
    [["# mypaas.process.worker = a", "# mypaas.process.worker = b"]],
    "Dockerfile:3:1: mypaas.process.NAME: process worker is already on line 2",
  ],
  [
    [["# mypaas.process.worker ="]],
    "Dockerfile:2:1: mypaas.process.worker: has no value",
    "write: # mypaas.process.worker = value",
  ],
  [
    [["# mypaas.process = a"]],
    "Dockerfile:2:10: unknown key mypaas.process",
    "did you mean mypaas.process.NAME?",
  ],
  [
    [[], "worker node w.js"],
    'Procfile:1:1: should be NAME: command, got "worker node w.js"',
    "such as: worker: node worker.js",
  ],
  [[[], "worker: a\nworker: b"], "Procfile:2:1: process worker is already on line 1"],
  [[[], "\n  worker:  "], "Procfile:2:3: process worker has no command"],
  [
    [[], "my_worker: a"],
    'Procfile:1:1: process "my_worker": should be letters a-z, digits and hyphens, at most 30, a letter first',
  ],
  [[[], "worker: a\0b"], "Procfile:1:1: process worker: its command has control characters"],
  [[[], "x".repeat(70_000)], "Procfile:1:1: has 70000 bytes, more than 65536"],
];
for (const [input, message, hint] of bad)
  test(message, () => {
    const { spec, problems } = read(...input);
    assert.equal(spec, undefined);
    assert.deepEqual(
      problems.map((problem) => [formatProblem(problem), problem.hint]),
      [[message, hint]],
    );
  });

test("more than 20 processes are refused", () => {
  const lines = Array.from({ length: 21 }, (_, at) => `# mypaas.process.p${at} = a`);
  const [problem] = read(lines).problems;
  assert.equal(
    problem && formatProblem(problem),
    "Dockerfile:2:1: 21 processes, at most 20 are possible",
  );
});

test("check shows the processes", () => {
  const { spec } = read([
    "# mypaas.process.worker = node w.js",
    "# mypaas.process.worker.scale = 2",
    "# mypaas.process.cron = ./cron",
    "# mypaas.process.web = node s.js",
  ]);
  assert.ok(spec);
  assert.deepEqual(describeSpec(spec).slice(-3), [
    "  command      node s.js",
    "  processes    worker: node w.js (2 containers)",
    "               cron: ./cron",
  ]);
});

test("plan shows what changes of processes", () => {
  const of = (processes: ServiceSpec["processes"], command?: string) =>
    release("web", 1, { spec: { processes, command } });
  const setting = (key: string, from: string | undefined, to: string | undefined) => ({
    kind: "setting",
    key,
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
  });
  const changes = changesBetween(
    of([one("worker", "a", 1), one("gone", "b", 2), one("same", "c", 3)]),
    of([one("worker", "a", 2), one("same", "c", 3), one("mail", "d"), one("many", "e", 2)], "s"),
  );
  assert.deepEqual(changes, [
    setting("process.web", undefined, "s"),
    setting("process.worker.scale", "1", "2"),
    setting("process.mail", undefined, "d"),
    setting("process.many", undefined, "e"),
    setting("process.many.scale", undefined, "2"),
    setting("process.gone", "b", undefined),
    setting("process.gone.scale", "2", undefined),
  ]);
});
