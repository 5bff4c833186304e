import assert from "node:assert/strict";
import { test } from "node:test";
import { sayWhenSlow } from "../../../src/cli/connect/say-when-slow.ts";
import type { Event } from "../../../src/core/wire/events.ts";

test("only what takes longer than a second is spoken about", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const said: Event[] = [];
  const say = (event: Event) => void said.push(event);
  assert.equal(await sayWhenSlow(say, "waiting …", Promise.resolve(1)), 1);
  const { promise, resolve } = Promise.withResolvers<number>();
  const slow = sayWhenSlow(say, "waiting …", promise);
  t.mock.timers.tick(1000);
  assert.deepEqual(said, [{ kind: "step", text: "waiting …" }]);
  resolve(2);
  assert.equal(await slow, 2);
});
