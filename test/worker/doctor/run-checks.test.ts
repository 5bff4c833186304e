import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../../src/core/errors.ts";
import { about, ok } from "../../../src/core/health/check.ts";
import { runChecks, type CheckSpec } from "../../../src/worker/doctor/run-checks.ts";

test("checks run in parallel: one that throws or hangs hides no other, and the order stays", async () => {
  const never = new Promise<never>(() => {});
  const specs: readonly CheckSpec<undefined>[] = [
    { id: "slow", title: "slow", check: () => never },
    { id: "good", title: "good", check: async () => ok("fine") },
    {
      id: "many",
      title: "many",
      check: async () => [ok("one"), about("of its own", ok("two"))],
    },
    { id: "bug", title: "bug", check: () => Promise.reject(new Error("no such thing")) },
    {
      id: "user",
      title: "user",
      check: () => Promise.reject(new UserError("disk: full", { hint: "empty it" })),
    },
    {
      id: "away",
      title: "away",
      check: () => Promise.reject(new UserError("docker: off", { code: "docker-unreachable" })),
    },
  ];
  const asked: number[] = [];
  const sleep = async (ms: number) => void asked.push(ms);
  // The others need a moment more than a clock that stands still.
  const later = async (ms: number) => {
    await sleep(ms);
    for (let turns = 0; turns < 10; turns += 1) await Promise.resolve();
  };
  const found = await runChecks(specs, undefined, { sleep: later, timeoutMs: 8000 });
  assert.deepEqual(
    found.map(({ id, title, result, evidence }) => `${id} ${title}: ${result} ${evidence}`),
    [
      "slow slow: failed no answer within 8 s",
      "good good: ok fine",
      "many many: ok one",
      "many of its own: ok two",
      "bug bug: failed could not be checked: no such thing",
      "user user: failed disk: full",
      "away away: skipped docker: off",
    ],
  );
  assert.equal(found[5]?.hint, "empty it");
  assert.equal(asked.length, specs.length);
});
