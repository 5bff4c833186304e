import assert from "node:assert/strict";
import { test } from "node:test";
import { readAction } from "../../../src/core/actions/actions.ts";
import { contentId } from "../../../src/core/wire/request.ts";
import stored from "./fixtures/content-ids.json" with { type: "json" };

for (const { id, action } of stored)
  test(`the content id that servers have stored stays: ${JSON.stringify(action).slice(0, 60)}`, () =>
    assert.equal(contentId(readAction(action)), id));
