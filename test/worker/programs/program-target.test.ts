import assert from "node:assert/strict";
import { test } from "node:test";
import { programToRun } from "../../../src/worker/programs/program-target.ts";
import { release } from "../../support/releases.ts";
import { refusal } from "../../support/worker.ts";

const processes = [{ name: "worker", command: "node w.js --all", replicas: 2 }];
const both = release("web", 1, { spec: { processes } }).spec;
const asked = { action: "run", service: "web" } as const;

test("run: a process gives its command unless another one is asked for, and its environment", () => {
  const own = programToRun(both, { ...asked, process: "worker" });
  assert.deepEqual(own, { process: "worker", command: ["node", "w.js", "--all"] });
  const other = programToRun(both, { ...asked, process: "worker", command: ["sh"] });
  assert.deepEqual(other, { process: "worker", command: ["sh"] });
  assert.deepEqual(programToRun(both, { ...asked, process: "web" }), { process: "web" });
  assert.deepEqual(programToRun(both, { ...asked, command: ["sh"] }), { command: ["sh"] });
});

test("run: without a command and a process, or with one that is not there, it is refused", async () => {
  const of = (process?: string) => async () =>
    programToRun(both, { ...asked, ...(process !== undefined && { process }) });
  assert.equal(await refusal(of()), "request: command: should be a list of words");
  assert.equal(
    await refusal(of("wrker")),
    'run web: it has no process "wrker"\nhint: its processes are: web, worker',
  );
});
