import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/core/errors.ts";
import { untilDockerAnswers } from "../../src/worker/until-docker.ts";

const away = new UserError("docker: not running", { code: "docker-unreachable" });

/** Work that meets each of these errors once and then succeeds; returns what was waited in between. */
async function waits(...errors: readonly Error[]): Promise<readonly number[]> {
  const left = [...errors];
  const slept: number[] = [];
  const clock = { now: () => 0, sleep: async (ms: number) => void slept.push(ms) };
  await untilDockerAnswers(clock, async () => {
    const error = left.shift();
    if (error !== undefined) throw error;
  });
  return slept;
}

test("until docker: it is asked again while it is away", async () => {
  assert.deepEqual(await waits(), []);
  assert.deepEqual(await waits(away, away), [3000, 3000]);
});

test("until docker: after five minutes it is given up, anything else at once", async () => {
  await assert.rejects(waits(...Array.from({ length: 101 }, () => away)), away);
  await assert.rejects(waits(away, new Error("no space")), /no space/);
});
