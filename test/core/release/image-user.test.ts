import assert from "node:assert/strict";
import { test } from "node:test";
import { numericUser, plainUser, resolveUser } from "../../../src/core/release/image-user.ts";

const files = {
  passwd:
    "root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\r\nbad\n7:x:70:71::/:\n",
  group: "root:x:0:\nstaff:x:50:node\n",
};

const cases: readonly (readonly [string, readonly [number, number] | undefined])[] = [
  ["", [0, 0]],
  ["root", [0, 0]],
  ["node", [1000, 1001]],
  ["node:staff", [1000, 50]],
  ["node:7", [1000, 7]],
  ["node:", [1000, 1001]],
  ["1000", [1000, 1001]],
  ["2000", [2000, 2000]],
  ["2000:staff", [2000, 50]],
  ["2000:3000", [2000, 3000]],
  ["7", [70, 71]],
  ["nobody", undefined],
  ["node:nobody", undefined],
  [":staff", [0, 50]],
];

for (const [user, expected] of cases)
  test(`USER ${user} of an image`, () =>
    assert.deepEqual(resolveUser(user, files), expected && { uid: expected[0], gid: expected[1] }));

test("USER of an image: only numbers of both need no look into it", () =>
  assert.deepEqual(
    ["", "0", "root", "5:6", "5", "node", "node:6"].map((user) => plainUser(user)?.gid),
    [0, 0, 0, 6, undefined, undefined, undefined],
  ));

test("USER of an image without files: numbers alone are known", () => {
  const empty = { passwd: "", group: "" };
  assert.deepEqual(resolveUser("1000", empty), { uid: 1000, gid: 1000 });
  assert.equal(resolveUser("node", empty), undefined);
});

test("USER of an image: a number alone is a user of a group with that number", () =>
  assert.deepEqual(
    ["", "1000", "1000:50", "node", "node:50"].map((user) => numericUser(user)),
    [{ uid: 0, gid: 0 }, { uid: 1000, gid: 1000 }, { uid: 1000, gid: 50 }, undefined, undefined],
  ));
