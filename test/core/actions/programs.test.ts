import assert from "node:assert/strict";
import { test } from "node:test";
import { readAction } from "../../../src/core/actions/actions.ts";
import { refusal } from "../../support/worker.ts";

const readRun = (fields: object) => readAction({ action: "run", service: "web", ...fields });
const readExec = (fields: object) => readAction({ action: "exec", service: "web", ...fields });
const terminal = { cols: 80, rows: 24, type: "xterm-256color" };

test("what run and exec ask for is read, and nothing else is kept", () => {
  const asked = { command: ["node", "-e", ""], terminal, other: 1 };
  const program = { command: ["node", "-e", ""], terminal };
  const run = { action: "run", service: "web" };
  const exec = { action: "exec", service: "web" };
  assert.deepEqual(readRun({ ...asked, release: 3, detach: true, replica: 1 }), {
    ...run,
    ...program,
    release: 3,
    detach: true,
  });
  assert.deepEqual(readRun({ command: ["x"], detach: "yes" }), { ...run, command: ["x"] });
  assert.deepEqual(readExec({ ...asked, replica: 2, release: 1 }), {
    ...exec,
    ...program,
    replica: 2,
  });
});

const refused: readonly [object, string][] = [
  [{ command: [] }, "request: command: should be a list of 1 to 1000 words"],
  [{ command: ["a", 1] }, "request: command: each word should be text without NUL"],
  [{ command: ["a\0b"] }, "request: command: each word should be text without NUL"],
  [{ command: ["x".repeat(131_073)] }, "request: command: longer than 131072 bytes"],
  [{ command: ["x"], release: 0 }, "request: release: should be a number from 1, got 0"],
  [
    { command: ["x"], terminal: { ...terminal, cols: 70_000 } },
    "request: terminal: sides should be from 0 to 65535",
  ],
  [
    { command: ["x"], terminal: { ...terminal, type: "x\ny" } },
    "request: terminal: type should be a name such as xterm-256color",
  ],
];
for (const [asked, message] of refused)
  test(`refused: ${message}`, async () => {
    assert.equal(await refusal(() => readRun({ ...asked })), message);
  });

test("refused: a replica that is no number", async () => {
  const message = await refusal(() => readExec({ command: ["x"], replica: "two" }));
  assert.equal(message, 'request: replica: should be a number from 1, got "two"');
});

test("exec needs a command; run may leave it to a process", async () => {
  const message = await refusal(() => readExec({}));
  assert.equal(message, "request: command: should be a list of 1 to 1000 words");
  const run = { action: "run", service: "web", process: "worker" };
  assert.deepEqual(readRun({ process: "worker" }), run);
});
