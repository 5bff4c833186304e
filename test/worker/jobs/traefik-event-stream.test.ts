import assert from "node:assert/strict";
import { test } from "node:test";
import { createTraefikEventStream } from "../../../src/worker/jobs/traefik-event-stream.ts";
import { fakeClock } from "../../support/fake-clock.ts";

test("Traefik has heard of everything when it has listened for a second", async () => {
  const clock = fakeClock();
  const traefikEvents = createTraefikEventStream(clock);
  const begun = clock.now();
  const heard = traefikEvents.waitUntilSubscribed();
  await clock.sleep(400);
  const closed = traefikEvents.opened();
  await clock.sleep(500);
  closed();
  await clock.sleep(300);
  const opened = clock.now();
  traefikEvents.opened();
  await heard;
  assert.ok(clock.now() - opened >= 1_000 && clock.now() - begun < 3_000);
  const again = clock.now();
  await traefikEvents.waitUntilSubscribed();
  assert.equal(clock.now(), again);
});

test("a Traefik that does not come is not waited for longer than 15 s", async () => {
  const clock = fakeClock();
  const begun = clock.now();
  await createTraefikEventStream(clock).waitUntilSubscribed();
  assert.ok(clock.now() - begun >= 15_000 && clock.now() - begun < 15_200);
});
