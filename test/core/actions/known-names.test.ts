import assert from "node:assert/strict";
import { test } from "node:test";
import { namesAfter } from "../../../src/core/actions/actions.ts";
import type { Action } from "../../../src/core/actions/actions.ts";

const releases = { releases: [{ service: "web" }, { service: "web" }, { service: "blog" }] };

const cases: readonly [what: string, action: Action, result: unknown, known: string[]][] = [
  [
    "a rollback adds its service",
    { action: "rollback", service: "web" },
    undefined,
    ["old", "web"],
  ],
  [
    "the list of all replaces what was known",
    { action: "release.list" },
    releases,
    ["web", "web", "blog"],
  ],
  [
    "the list of one adds it where it is there",
    { action: "release.list", service: "web" },
    { releases: [{ service: "web" }] },
    ["old", "web"],
  ],
  [
    "a list of nothing adds nothing",
    { action: "release.list", service: "wbe" },
    { releases: [] },
    ["old"],
  ],
  [
    "what is removed is forgotten",
    { action: "remove", service: "old", volumes: [] },
    undefined,
    [],
  ],
  [
    "a name that nobody has checked is not believed",
    { action: "env.list", service: "wbe" },
    { service: "wbe", env: [] },
    ["old"],
  ],
  ["what names no service changes nothing", { action: "key.list" }, { keys: [] }, ["old"]],
];

for (const [what, action, result, known] of cases)
  test(`${what}`, () => assert.deepEqual(namesAfter(["old"], action, result), known));
