import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chosen } from "../support/crash-points.ts";
import {
  crashKinds,
  CrashStory,
  startCrashServer,
  takenBack,
  type CrashServer,
} from "../support/crashes-e2e.ts";
import { seeded } from "../support/processes-e2e.ts";

const instance = process.env["MYPAAS_TEST_INSTANCE"] ?? "t-e2ea-crash";
const seed = Number(process.env["MYPAAS_TEST_SEED"] ?? 16);
let at: CrashServer;

before(async () => {
  at = await startCrashServer(instance);
});
after(() => at?.remove());

/** Every job has these, whatever else it does. */
const always = ["sqlite jobs", "sqlite job_log: live", "sqlite steps: intent cut-over"];
const ofSwitch = ["docker POST /containers/create", "file rename /traefik/dynamic/mypaas.yml"];

for (const [name, most] of [
  ["push, new before old", 4],
  ["push, old before new", 2],
] as const)
  test(`${name}: a worker that is killed at one of its effects loses no request and leaves one release`, async () => {
    const kind = crashKinds.find((one) => one.name === name);
    assert.ok(kind);
    const story = await CrashStory.begin(at, kind);
    const points = await story.points();
    for (const effect of [...always, ...ofSwitch, "traefik confirms"])
      assert.ok(
        points.some((point) => point.effect.startsWith(effect)),
        `${effect} is no effect of it`,
      );
    const picked = chosen(points, most, seeded(seed));
    const wrong: string[] = [];
    let deaths = 0;
    for (const point of picked) {
      const { point: where, died, recoveryMs, wrong: found } = await story.crash(point);
      if (died) deaths += 1;
      const how = died ? `job ended ${recoveryMs} ms after the worker was back` : "not passed";
      console.log(`seed ${seed}, ${where}: ${how}`);
      wrong.push(...found.map((what) => `${where}: ${what}`));
    }
    assert.ok(deaths > 0, "no worker was killed");
    const { sent, failed, why, left } = await story.end();
    const count = `${picked.length} of ${points.length} moments, ${sent} sent, ${failed} failed`;
    console.log(`${name}: ${count}`);
    assert.deepEqual({ wrong, failed, why, left }, { wrong: [], failed: 0, why: "{}", left: [] });
  });

for (const [title, scale] of [
  ["beside the old one", 1],
  ["in place of the old one", 0],
] as const)
  test(`a release ${title} that cannot take over after a crash ends its requests before it goes`, async () => {
    const { sent, failed, why, byNew, still } = await takenBack(at, scale);
    console.log(`${title}: ${sent} sent, ${failed} failed, ${byNew} answered by the new release`);
    assert.equal(still.replace(/\d+$/, "N"), "back still runs release N");
    assert.ok(byNew > 0);
    assert.deepEqual([failed, why], [0, "{}"]);
  });
