import assert from "node:assert/strict";
import { test } from "node:test";
import { actions, readAction } from "../../../src/core/actions/actions.ts";
import { contentId } from "../../../src/core/wire/request.ts";
import stored from "./fixtures/content-ids.json" with { type: "json" };

for (const { id, action } of stored)
  test(`the content id that servers have stored stays: ${JSON.stringify(action).slice(0, 60)}`, () =>
    assert.equal(contentId(readAction(action)), id));

test("each action has a content id that must stay", () => {
  const names = new Set(stored.map(({ action }) => action.action));
  assert.deepEqual([...names].toSorted(), Object.keys(actions).toSorted());
});
