import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFrom, shortFrom } from "../../../src/core/push/from.ts";
import type { PushFrom } from "../../../src/core/actions/push.ts";

const commit = "6bc2d8c0000000000000000000000000000000aa";
const cases: readonly (readonly [PushFrom, string, string | undefined])[] = [
  [{ kind: "folder" }, "", undefined],
  [
    { kind: "folder", commit, branch: "main", subject: "two", dirty: true },
    "main 6bc2d8c + changes",
    'taken from folder: main 6bc2d8c "two", with changes that are not committed',
  ],
  [
    { kind: "git", commit, branch: "main", subject: 'say "a"' },
    "git main 6bc2d8c",
    'taken from git: main 6bc2d8c "say \\"a\\""',
  ],
  [{ kind: "archive" }, "archive", "taken from archive"],
  [{ kind: "archive", commit }, "archive 6bc2d8c", "taken from archive: 6bc2d8c"],
];

for (const [from, short, said] of cases)
  test(`code is shown as ${short || "nothing"}`, () => {
    assert.equal(shortFrom(from), short);
    assert.equal(describeFrom(from), said);
  });
