import assert from "node:assert/strict";
import { test } from "node:test";
import { renames } from "../../../../src/adapters/engines/docker/service-names.ts";
import type { Replica } from "../../../../src/deploy/ports.ts";
import { release } from "../../../support/releases.ts";

const facts = (name: string, release: number, replica: number): Replica => ({
  id: name,
  name,
  service: "web",
  process: "web",
  release,
  replica,
  state: "running",
  exitCode: 0,
  oomKilled: false,
  error: "",
  health: undefined,
  address: undefined,
  startedAt: 0,
});

const cases: readonly [string, readonly Replica[], readonly string[]][] = [
  [
    "the old first replica makes room before the new one takes the name",
    [facts("web-r2-1", 2, 1), facts("web-r2-2", 2, 2), facts("web", 1, 1)],
    ["web to web-r1-1", "web-r2-1 to web"],
  ],
  [
    "a name that was waited for is given up",
    [facts("web.next.invalid", 2, 1)],
    ["web.next.invalid to web"],
  ],
  ["nothing is renamed twice", [facts("web", 2, 1), facts("web-r2-2", 2, 2)], []],
];

for (const [title, containers, expected] of cases) {
  test(title, () => {
    const done = renames(release("web", 2), containers).map(({ id, name }) => `${id} to ${name}`);
    assert.deepEqual(done, expected);
  });
}

test("a replica of another process never gets the name of its service", () => {
  const worker = { ...facts("web-r2-worker-1", 2, 1), process: "worker" };
  const next = facts("web-r2-1", 2, 1);
  assert.deepEqual(renames(release("web", 2), [worker, next]), [{ id: "web-r2-1", name: "web" }]);
});
