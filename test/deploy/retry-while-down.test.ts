import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../../src/core/errors.ts";
import type { Event } from "../../src/core/wire/events.ts";
import { untilEngineAnswers, untilTraefikAnswers } from "../../src/deploy/retry-while-down.ts";
import { fakeClock } from "../support/fake-clock.ts";

const away = new UserError("docker: not running", { code: "docker-unreachable" });
const silent = new UserError("traefik: says nothing", { code: "traefik-silent" });

/** Work that meets each of these errors once and then succeeds. */
async function meet(wait: typeof untilTraefikAnswers, ...errors: readonly Error[]) {
  const clock = fakeClock();
  const begun = clock.now();
  const said: Event[] = [];
  const left = [...errors];
  const work = async (): Promise<void> => {
    const error = left.shift();
    if (error !== undefined) throw error;
  };
  await wait({ clock, say: (event) => said.push(event) }, work);
  return { waited: clock.now() - begun, said };
}

test("Docker is asked again for as long as it is away, which is said once", async () => {
  assert.deepEqual(await meet(untilEngineAnswers), { waited: 0, said: [] });
  assert.deepEqual(await meet(untilEngineAnswers, ...Array.from({ length: 400 }, () => away)), {
    waited: 1_200_000,
    said: [
      {
        kind: "step",
        text: "waiting until Docker answers: docker: not running",
      },
    ],
  });
});

test("a Docker that hangs is one that is away, anything else is not", async () => {
  const hangs = new UserError("docker: gave no answer", { code: "docker-silent" });
  assert.equal((await meet(untilEngineAnswers, hangs)).waited, 3_000);
  await assert.rejects(meet(untilEngineAnswers, away, new Error("no space")), /no space/);
});

test("a Traefik that hangs is waited for, but not for ever, and one that does not run is not", async () => {
  const { waited, said } = await meet(untilTraefikAnswers, silent, silent);
  assert.deepEqual([waited, said.length], [6_000, 1]);
  const long = Array.from({ length: 200 }, () => silent);
  await assert.rejects(meet(untilTraefikAnswers, ...long), silent);
  const gone = new UserError("traefik: does not run", { code: "traefik-away" });
  await assert.rejects(meet(untilTraefikAnswers, gone), gone);
});
